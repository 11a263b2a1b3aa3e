// Puts the page together: each part takes what it shows from every event.

import { closures } from "./closures.js";
import { config } from "./config.js";
import { at, say } from "./dom.js";
import { drills } from "./drills.js";
import { features } from "./features.js";
import { journey } from "./journey.js";
import { names } from "./names.js";
import { path } from "./path.js";
import { picture } from "./picture.js";
import { requests } from "./requests.js";
import { listen } from "./stream.js";
import { onLang, startText, t, time } from "./text.js";
import { traffic } from "./traffic.js";
import { verdict } from "./verdict.js";
import { waterfall } from "./waterfall.js";

const OVERALL = {
  up: "overallUp",
  degraded: "overallDegraded",
  closed: "overallClosed",
  down: "overallDown",
  unknown: "overallUnknown",
  lost: "overallLost",
};
/** What is shown before the first second has been counted. */
const UNCOUNTED = { at: null, traffic: null, upstreams: {}, routes: [], requests: [] };
const parts = [
  names,
  path,
  config,
  picture,
  journey,
  waterfall,
  features,
  closures,
  drills,
  verdict,
  traffic,
  requests,
];
let hello = null;
let snapshot = null;
let connection = { state: "connecting", since: null };

function showConnection() {
  const { state, since } = connection;
  const overall = state === "lost" ? state : (snapshot?.status.status ?? "unknown");
  document.body.dataset.connection = state;
  at("overall").dataset.state = overall;
  say(at("overall"), t(OVERALL[overall]));
  say(at("stream"), state === "lost" ? t("lost", time(since)) : t(state));
}

function show(data) {
  snapshot = { ...(snapshot ?? UNCOUNTED), ...data };
  showConnection();
  parts.forEach((part) => part.snapshot?.(snapshot));
  at("main").hidden = false;
}

startText();
listen({
  connection(state, since) {
    connection = { state, since };
    showConnection();
  },
  hello(data) {
    hello = data;
    at("version").textContent = data.version;
    parts.forEach((part) => part.hello?.(data));
  },
  state: (data) => show({ ...data, requests: [] }),
  snapshot: show,
});
onLang(() => {
  showConnection();
  if (hello) parts.forEach((part) => part.hello?.(hello));
  if (snapshot) show({ requests: [] });
});
