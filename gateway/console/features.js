// What works: each feature, with the reason if it is not fully available.

import { at, make } from "./dom.js";
import { featureName, featureNames, upstreamsInSentence } from "./names.js";
import { availability, number, t } from "./text.js";

export const features = {
  snapshot(snapshot) {
    const known = snapshot.status.features;
    const names = featureNames().filter((name) => known[name]);
    const items = names.map((name) => {
      const { status } = known[name];
      return make(
        "li",
        { "data-state": status, id: `feature-${name}` },
        make("strong", {}, featureName(name)),
        make("span", { class: "state", "data-state": status }, availability(status)),
        make("span", { class: "quiet numbers" }, why(known[name])),
      );
    });
    at("features").replaceChildren(...items);
  },
};

function why(feature) {
  const reasons = [];
  if (feature.missing) reasons.push(t("missing", upstreamsInSentence(feature.missing)));
  if (feature.staleAgeSeconds !== undefined) reasons.push(t("stale", number(feature.staleAgeSeconds)));
  if (feature.waiting !== undefined) reasons.push(t("waiting", number(feature.waiting)));
  if (feature.retryAfterSeconds !== undefined) reasons.push(t("retry", number(feature.retryAfterSeconds)));
  return reasons.join(" · ");
}
