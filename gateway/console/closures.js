// Announced closures: what is closed or will be, why, and for how long.

import { at, make } from "./dom.js";
import { featureName, upstreamName } from "./names.js";
import { moment, span, t, words } from "./text.js";

export const closures = {
  snapshot(snapshot) {
    const all = snapshot.status.closures ?? [];
    at("closures-section").hidden = all.length === 0;
    at("closures").replaceChildren(...all.map(item));
  },
};

function item(closure) {
  const { feature, upstream, from, until, by, beginsInSeconds, endsInSeconds } = closure;
  const hasBegun = beginsInSeconds === undefined;
  const state = hasBegun ? "closed" : "announced";
  const left = hasBegun ? t("opensIn", span(endsInSeconds)) : t("beginsIn", span(beginsInSeconds));
  const facts = [left, t("until", moment(from), moment(until))];
  if (by === "file") facts.push(t("ofFile"));
  return make(
    "li",
    { "data-state": state, id: `closure-${feature ? "feature" : "upstream"}-${feature ?? upstream}` },
    make("strong", {}, feature ? featureName(feature) : upstreamName(upstream)),
    make("span", { class: "state", "data-state": state }, t(hasBegun ? "isClosed" : "announced")),
    make("span", { class: "reason" }, words(closure.reason) ?? ""),
    make("span", { class: "quiet numbers" }, facts.join(" · ")),
  );
}

/** Whether a closure concerns the service now or within so many seconds: no drill may begin then. */
export const isClosedSoon = (snapshot, name, seconds) =>
  (snapshot.status.closures ?? []).some(
    (closure) => closure.upstreams.includes(name) && (closure.beginsInSeconds ?? 0) <= seconds,
  );
