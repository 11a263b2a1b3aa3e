// The names that people read, by the names of the gateway's file.

import { t, words } from "./text.js";

let upstreams = new Map();
let features = new Map();
let problems = {};

export const names = {
  hello(hello) {
    upstreams = byName(hello.upstreams);
    features = byName(hello.features);
    problems = hello.problems;
  },
};

const byName = (list) => new Map(list.map((each) => [each.name, each.label]));

/** The names of all upstreams, in the order of the file. */
export const upstreamNames = () => [...upstreams.keys()];

/** The names of all features, in the order of the file. */
export const featureNames = () => [...features.keys()];

/** The name of a service in this language. */
export const upstreamName = (name) => words(upstreams.get(name)) ?? name;

/** The name of a feature in this language. */
export const featureName = (name) => words(features.get(name)) ?? name;

/** The title of a problem in this language. */
export const problemTitle = (code) => words(problems[code]) ?? code;

/** The names of services within a sentence: an article at their start gets a small letter. */
export function upstreamsInSentence(list) {
  const articles = t("articles").split(" ");
  const named = list.map(upstreamName).map((label) => {
    const article = label.match(/^\p{L}+['’]?/u)?.[0];
    return articles.includes(article?.toLowerCase()) ? label[0].toLowerCase() + label.slice(1) : label;
  });
  return named.join(", ");
}
