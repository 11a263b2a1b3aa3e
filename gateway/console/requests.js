// The last requests and how each ended, newest first.

import { at, cell, columns, make, row } from "./dom.js";
import { problemTitle, upstreamName } from "./names.js";
import { pathButton } from "./path.js";
import { number, standIn, t, time } from "./text.js";

const MOST = 50;
/** How many characters of an id are shown. Its beginning is the time. */
const END = 12;
const ASKERS = { console: "askerConsole", rehearsal: "askerRehearsal" };
let seen = [];
let shown = seen;
let isPaused = false;

export const requests = {
  hello() {
    at("pause").onclick = () => {
      isPaused = !isPaused;
      at("pause").setAttribute("aria-pressed", String(isPaused));
      renew();
    };
    // While the path of one of them is looked at, its button stays: the focus goes back to it.
    at("path").addEventListener("close", renew);
    show();
  },

  snapshot(snapshot) {
    if (snapshot.requests.length === 0) return;
    seen = [...snapshot.requests.toReversed(), ...seen].slice(0, MOST);
    renew();
  },
};

function renew() {
  if (isPaused || at("path").open) return;
  shown = seen;
  show();
}

function show() {
  const titles = ["status", "time", "method", "route", "ms", "service", "fate", "asker", "requestId"];
  const none = row(cell({ colspan: titles.length, class: "quiet" }, t("noRequests")));
  const rows = shown.length ? shown.map(line) : [none];
  const focused = document.activeElement?.dataset.key;
  at("requests").replaceChildren(...columns(titles.map((key) => t(key)), rows));
  // The button that had the focus is another element now.
  if (focused) at("requests").querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function line(request) {
  const copy = make(
    "button",
    {
      type: "button",
      class: "small",
      "data-key": `copy-${request.requestId}`,
      "aria-label": `${t("copy")} ${request.requestId}`,
      onclick: () => navigator.clipboard?.writeText(request.requestId),
    },
    t("copy"),
  );
  const asker = ASKERS[request.asker];
  const id = make("code", { class: "id", title: request.requestId }, `…${request.requestId.slice(-END)}`);
  const path = request.traceId ? pathButton(request.requestId, `${request.method} ${request.route}`) : null;
  const identity = [id, " ", copy, " ", path];
  return row(
    cell({ class: "numbers status" }, make("span", { class: "state", "data-state": tone(request) }, `${request.status}`)),
    cell({ class: "numbers" }, time(request.at)),
    cell({}, make("code", {}, request.method)),
    cell({ class: "route" }, make("code", {}, request.route)),
    cell({ class: "numbers", "data-title": t("ms") }, number(request.ms, 1)),
    cell({}, request.upstream ? upstreamName(request.upstream) : t("gateway")),
    cell({}, fate(request)),
    cell({ "data-asker": request.asker ?? "client" }, asker ? make("mark", {}, t(asker)) : t("askerClient")),
    cell({ class: "identity" }, ...identity),
  );
}

function tone(request) {
  if (request.status >= 500) return "down";
  return request.degraded || request.status >= 400 ? "degraded" : "up";
}

/** A problem's title leads to its page. */
function fate(request) {
  if (!request.code) return request.degraded ? standIn(request.degraded) : t(request.outcome);
  const page = `/public/problems/${request.code.replaceAll("_", "-")}`;
  return make("a", { href: page }, problemTitle(request.code));
}
