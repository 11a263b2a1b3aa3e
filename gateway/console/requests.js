// The last requests and how each ended, newest first.

import { at, columns, make } from "./dom.js";
import { number, standIn, t, time } from "./text.js";

const MOST = 50;
let seen = [];
let shown = seen;
let isPaused = false;

export const requests = {
  hello() {
    at("pause").onclick = () => {
      isPaused = !isPaused;
      at("pause").setAttribute("aria-pressed", String(isPaused));
      if (!isPaused) renew();
    };
    show();
  },

  snapshot(snapshot) {
    if (snapshot.requests.length === 0) return;
    seen = [...snapshot.requests.toReversed(), ...seen].slice(0, MOST);
    if (!isPaused) renew();
  },
};

function renew() {
  shown = seen;
  show();
}

function show() {
  const titles = ["time", "method", "route", "status", "ms", "service", "fate", "requestId"].map((key) => t(key));
  const none = make("tr", {}, make("td", { colspan: titles.length, class: "quiet" }, t("noRequests")));
  const rows = shown.length ? shown.map(row) : [none];
  at("requests").replaceChildren(...columns(titles, rows));
}

function row(request) {
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
    make("td", { class: "numbers" }, time(request.at)),
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
  return request.degraded ? standIn(request.degraded) : t(request.outcome);
}
