// How much goes through the gateway, in total and by route.

import { at, cell, columns, heading, make, row } from "./dom.js";
import { upstreamName } from "./names.js";
import { plot, Series } from "./plot.js";
import { number, t } from "./text.js";

const TOTALS = [
  ["requests", "requestsPerSecond", "plain"],
  ["errors", "errorsPerSecond", "bad"],
  ["degraded", "degradedPerSecond", "warn"],
];
/** On a narrower page, the routes are shown if they are asked for. */
const WIDE = "(min-width: 40rem)";
const totals = new Map(TOTALS.map(([key]) => [key, new Series()]));
const routes = new Map();
let last = null;

at("routes-box").open = matchMedia(WIDE).matches;

export const traffic = {
  snapshot(snapshot) {
    // A change of the language or the state shows the same figures again; count them only once.
    if (snapshot.at !== last) {
      last = snapshot.at;
      for (const [key, series] of totals) series.add(snapshot.traffic[key]);
      for (const route of snapshot.routes) seriesOf(route).add(route.requests);
    }
    at("totals").replaceChildren(
      ...TOTALS.map(([key, title, tone]) => total(title, tone, snapshot.traffic?.[key], totals.get(key))),
    );
    const titles = ["route", "service", "rate", "errorRate", "p50", "p99", "lastMinute"].map((key) => t(key));
    at("routes").replaceChildren(...columns(titles, snapshot.routes.map(line)));
  },
};

function seriesOf(route) {
  const key = `${route.method} ${route.route}`;
  if (!routes.has(key)) routes.set(key, new Series());
  return routes.get(key);
}

function total(title, tone, value, series) {
  return make(
    "figure",
    {},
    make("figcaption", {}, t(title)),
    make("b", { class: "numbers" }, value === undefined ? "–" : number(value)),
    plot(series, 48, tone),
  );
}

function line(route) {
  const ms = (value) => (value === null ? "–" : `${number(value, 1)} ms`);
  const figure = (key, text) => cell({ class: "numbers", "data-title": t(key) }, text);
  return row(
    heading({}, make("code", {}, `${route.method} ${route.route}`)),
    cell({}, route.upstream ? upstreamName(route.upstream) : t("gateway")),
    figure("rate", number(route.requests)),
    figure("errorRate", number(route.errors)),
    figure("p50", ms(route.p50Ms)),
    figure("p99", ms(route.p99Ms)),
    cell({ class: "minute" }, plot(seriesOf(route), 24, "plain")),
  );
}
