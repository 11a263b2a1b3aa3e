// A list of work that is looked at again and again, and the buttons on it: what the kitchen and delivery have in common.

import { call } from "./call.js";
import { make } from "./dom.js";
import { reason, refill, shownInstead } from "./show.js";
import { t } from "./text.js";
import { pauseOf, watch } from "./watch.js";

/** Milliseconds between two looks. */
const PAUSE = 2000;
/** Milliseconds for which the reason why a button did nothing stays beside it. */
const SHOWN = 8000;

/**
 * Shows in `room` what `read` gives: `{ failure }`, an answer, or `{ rows }`. `card` makes the content of the card of one
 * row. It gets `button(row, key, requests)`, which sends `requests`, pairs of a method with a path and a body, in turn.
 */
export function board(room, { list, empty, idOf, read, card }) {
  let rows = null;
  let seen = null;
  let drawn = "";
  const busy = new Set();
  const failures = new Map();

  async function act(id, requests) {
    if (busy.has(id)) return;
    busy.add(id);
    failures.delete(id);
    draw();
    for (const [method, path, body] of requests) {
      const answer = await call(room.session, method, path, { body });
      if (answer.status >= 200 && answer.status < 300) continue;
      room.session.isAskedBy(answer);
      failures.set(id, { answer, until: Date.now() + SHOWN });
      break;
    }
    busy.delete(id);
    draw();
    await again();
  }

  const button = (row, key, requests, attributes = {}) => {
    const id = idOf(row);
    return make(
      "button",
      {
        id: `${key}-${id}`,
        type: "button",
        "aria-disabled": busy.has(id) && "true",
        "aria-describedby": `card-${id}`,
        onclick: () => act(id, requests()),
        ...attributes,
      },
      t(key),
    );
  };

  function item(row) {
    const id = idOf(row);
    const failure = failures.get(id);
    return make(
      "li",
      { class: "card", "data-order": id },
      ...card(row, button),
      failure ? make("p", { class: "error", role: "alert" }, reason(failure.answer)) : null,
    );
  }

  function draw() {
    if (rows === null) return;
    const content = rows.length ? rows.map(item) : [make("li", { class: "quiet" }, t(empty))];
    refill(list, ...content);
  }

  async function look() {
    const { failure, rows: next } = await read();
    list.dataset.old = Boolean(failure) && rows !== null;
    if (failure) {
      room.session.isAskedBy(failure);
      room.note("list", () => shownInstead(failure, seen));
      return pauseOf(failure);
    }
    room.note("list", null);
    seen = Date.now();
    rows = next;
    for (const [id, { until }] of failures) if (until < seen) failures.delete(id);
    const now = JSON.stringify([rows, [...failures.keys()]]);
    if (now !== drawn) draw();
    drawn = now;
    return 0;
  }

  const again = watch(look, PAUSE);
  return { draw, again };
}
