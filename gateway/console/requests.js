// The last requests, and what became of them. The newest comes first.

import { at, make } from "./dom.js";
import { currentLang, number, t } from "./text.js";

const MOST = 50;
const DEGRADED = { stale: "keptAnswer", partial: "partial", fallback: "fallback" };
let seen = [];
let isPaused = false;

export const requests = {
  hello() {
    at("pause").onclick = () => {
      isPaused = !isPaused;
      at("pause").setAttribute("aria-pressed", String(isPaused));
      if (!isPaused) show();
    };
    show();
  },

  snapshot(snapshot) {
    if (snapshot.requests.length === 0) return;
    seen = [...snapshot.requests.toReversed(), ...seen].slice(0, MOST);
    if (!isPaused) show();
  },
};

function show() {
  const heads = ["time", "method", "route", "status", "ms", "service", "fate", "requestId"].map((key) =>
    make("th", { scope: "col" }, t(key)),
  );
  const none = make("tr", {}, make("td", { colspan: heads.length, class: "quiet" }, t("noRequests")));
  const rows = seen.length ? seen.map(row) : [none];
  at("requests").replaceChildren(make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
}

function row(request) {
  const time = new Date(request.at).toLocaleTimeString(currentLang());
  const copy = make(
    "button",
    {
      type: "button",
      class: "small",
      "aria-label": `${t("copy")} ${request.requestId}`,
      onclick: () => navigator.clipboard?.writeText(request.requestId),
    },
    t("copy"),
  );
  return make(
    "tr",
    {},
    make("td", { class: "numbers" }, time),
    make("td", {}, make("code", {}, request.method)),
    make("td", {}, make("code", {}, request.route)),
    make(
      "td",
      { class: "numbers" },
      make("span", { class: "state", "data-state": tone(request) }, String(request.status)),
    ),
    make("td", { class: "numbers" }, number(request.ms, 1)),
    make("td", {}, request.upstream ?? "–"),
    make("td", {}, fate(request)),
    make("td", {}, make("code", { class: "id" }, request.requestId), " ", copy),
  );
}

function tone(request) {
  if (request.status >= 500) return "down";
  return request.degraded || request.status >= 400 ? "degraded" : "up";
}

function fate(request) {
  if (request.code) return make("code", {}, request.code);
  return request.degraded ? t(DEGRADED[request.degraded]) : t(request.outcome);
}
