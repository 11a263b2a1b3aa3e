// How much goes through the gateway, in total and by route.

import { at, columns, make } from "./dom.js";
import { plot, Series } from "./plot.js";
import { number, t } from "./text.js";

const TOTALS = [
  ["requests", "requestsPerSecond", "plain"],
  ["errors", "errorsPerSecond", "bad"],
  ["degraded", "degradedPerSecond", "warn"],
];
const totals = new Map(TOTALS.map(([key]) => [key, new Series()]));
const routes = new Map();
let last = null;

export const traffic = {
  snapshot(snapshot) {
    // A change of language shows the same snapshot again; count it only once.
    if (snapshot.at !== last) {
      last = snapshot.at;
      for (const [key, series] of totals) series.add(snapshot.traffic[key]);
      for (const row of snapshot.routes) seriesOf(row).add(row.requests);
    }
    at("totals").replaceChildren(
      ...TOTALS.map(([key, title, tone]) => total(title, tone, snapshot.traffic[key], totals.get(key))),
    );
    const titles = ["route", "service", "rate", "errorRate", "p50", "p99", "lastMinute"].map((key) => t(key));
    at("routes").replaceChildren(...columns(titles, snapshot.routes.map(line)));
  },
};

function seriesOf(row) {
  const key = `${row.method} ${row.route}`;
  if (!routes.has(key)) routes.set(key, new Series());
  return routes.get(key);
}

function total(title, tone, value, series) {
  return make(
    "figure",
    {},
    make("figcaption", {}, t(title)),
    make("b", { class: "numbers" }, number(value)),
    plot(series, 48, tone),
  );
}

function line(row) {
  const ms = (value) => (value === null ? "–" : `${number(value, 1)} ms`);
  const cell = (text) => make("td", { class: "numbers" }, text);
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, make("code", {}, `${row.method} ${row.route}`)),
    make("td", {}, row.upstream ?? "–"),
    cell(number(row.requests)),
    cell(number(row.errors)),
    cell(ms(row.p50Ms)),
    cell(ms(row.p99Ms)),
    make("td", {}, plot(seriesOf(row), 24, "plain")),
  );
}
