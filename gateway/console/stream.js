// Listens to the server's event stream and tells whether it is connected.

/** Milliseconds without an event after which the gateway counts as gone. It sends one a second. */
const SILENCE = 4000;
/** Milliseconds before a refused stream is asked for again. */
const PAUSE = 2000;

/**
 * Calls `heard.hello`, `heard.state` and `heard.snapshot` as events come, and `heard.connection` with "connecting",
 * "live" or "lost" and the time of the last event.
 */
export function listen(heard) {
  let last = Date.now();
  let opened = last;
  let source = null;
  let state = null;

  const tell = (next) => {
    if (next === state) return;
    state = next;
    heard.connection(state, last);
  };

  const open = () => {
    source?.close();
    opened = Date.now();
    source = new EventSource("/events");
    for (const name of ["hello", "state", "snapshot"]) {
      source.addEventListener(name, (event) => {
        last = Date.now();
        tell("live");
        heard[name](JSON.parse(event.data));
      });
    }
    source.addEventListener("error", ({ target }) => {
      tell("lost");
      // The browser reconnects a stream that has broken off, but not one that was refused.
      if (target === source && target.readyState === EventSource.CLOSED) setTimeout(askAgain, PAUSE);
    });
  };

  /** If the operator's session is over, the page leads to the login. */
  const askAgain = async () => {
    const answer = await fetch("/status").catch(() => null);
    if (answer?.status === 401) location.reload();
    else open();
  };

  tell("connecting");
  open();
  // A host that is gone without a word breaks no connection.
  setInterval(() => {
    if (Date.now() - Math.max(last, opened) < SILENCE) return;
    tell("lost");
    open();
  }, 1000);
}
