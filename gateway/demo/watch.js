// Looks at something again and again, as long as someone looks at the page.

/**
 * Calls `look` now and `pause` milliseconds after each time that it has ended, never twice at once. It returns the
 * milliseconds before which it must not be called again. The function that this returns has it called at once.
 */
export function watch(look, pause) {
  let timer = null;
  let isLooking = false;
  let isWanted = false;
  const round = async () => {
    isWanted = true;
    if (isLooking) return;
    isLooking = true;
    clearTimeout(timer);
    let wait = pause;
    try {
      while (isWanted && !document.hidden) {
        isWanted = false;
        wait = Math.max(pause, await look());
      }
    } finally {
      isLooking = false;
      timer = setTimeout(round, wait);
    }
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) round();
  });
  round();
  return round;
}

/** The milliseconds that a client who asked too often has to wait. */
export function pauseOf({ status, fields }) {
  return status === 429 ? Number(fields.get("retry-after") ?? 1) * 1000 : 0;
}
