// The frame that all rooms have: a title, a login, and the sentences on what is amiss.

import { make } from "./dom.js";
import { session } from "./session.js";

/** A room: its section, its session, and `note`, which shows a sentence or, without words, takes it away. */
export function room(name, account, changed) {
  const notes = new Map();
  const list = make("div", { class: "notes", role: "status" });
  const own = session(name, account, changed);
  const title = make("h2", { id: `${name}-title`, "data-text": name });
  const head = make("div", { class: "heading" }, title, own.box);
  const section = make("section", { id: name, "aria-labelledby": `${name}-title` }, head, list);

  /** Only what differs is replaced, so that screen readers do not read the rest out again. */
  function redraw() {
    own.redraw();
    for (const [key, { words, element }] of notes) {
      const text = words();
      if (element.textContent !== text) element.textContent = text;
      if (!element.isConnected) list.append(element);
      element.dataset.note = key;
    }
  }

  return {
    section,
    session: own,
    redraw,

    /** `words` is a function, since another language may be chosen while the sentence is shown. */
    note(key, words, state = "bad") {
      const known = notes.get(key);
      if (!words) {
        known?.element.remove();
        notes.delete(key);
        return;
      }
      const element = known?.element ?? make("p", { class: "notice" });
      element.dataset.state = state;
      notes.set(key, { words, element });
      redraw();
    },
  };
}
