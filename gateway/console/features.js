// What works: each feature, with the reason if it is not fully available.

import { at, make } from "./dom.js";
import { availability, number, t, words } from "./text.js";

let labels = {};

/** The name of a feature in this language. */
export const featureName = (name) => words(labels[name]) ?? name;

export const features = {
  hello(hello) {
    labels = Object.fromEntries(hello.features.map((feature) => [feature.name, feature.label]));
  },

  snapshot(snapshot) {
    const items = Object.entries(snapshot.status.features).map(([name, feature]) =>
      make(
        "li",
        { "data-state": feature.status, id: `feature-${name}` },
        make("strong", {}, featureName(name)),
        make("span", { class: "state", "data-state": feature.status }, availability(feature.status)),
        make("span", { class: "quiet numbers" }, why(feature)),
      ),
    );
    at("features").replaceChildren(...items);
  },
};

function why(feature) {
  const reasons = [];
  if (feature.missing) reasons.push(t("missing", feature.missing.join(", ")));
  if (feature.staleAgeSeconds !== undefined) reasons.push(t("stale", number(feature.staleAgeSeconds)));
  if (feature.retryAfterSeconds !== undefined) reasons.push(t("retry", number(feature.retryAfterSeconds)));
  return reasons.join(" · ");
}
