// Puts the page together: each part takes what it shows from every event.

import { config } from "./config.js";
import { at, say } from "./dom.js";
import { drills } from "./drills.js";
import { features } from "./features.js";
import { journey } from "./journey.js";
import { picture } from "./picture.js";
import { requests } from "./requests.js";
import { listen } from "./stream.js";
import { onLang, startText, t } from "./text.js";
import { traffic } from "./traffic.js";

const OVERALL = { up: "overallUp", degraded: "overallDegraded", down: "overallDown", unknown: "overallUnknown" };
const parts = [config, picture, journey, features, drills, traffic, requests];
let hello = null;
let snapshot = null;
let connection = "connecting";

function showOverall() {
  const state = connection === "live" ? (snapshot?.status.status ?? "waiting") : "waiting";
  at("overall").dataset.state = state;
  say(at("overall"), OVERALL[state] ? t(OVERALL[state]) : "");
  say(at("stream"), t(connection));
  at("stream").dataset.state = connection;
}

startText();
listen({
  connection(state) {
    connection = state;
    showOverall();
  },
  hello(data) {
    hello = data;
    at("version").textContent = data.version;
    parts.forEach((part) => part.hello?.(data));
  },
  snapshot(data) {
    snapshot = data;
    showOverall();
    parts.forEach((part) => part.snapshot?.(data));
  },
});
onLang(() => {
  showOverall();
  if (hello) parts.forEach((part) => part.hello?.(hello));
  if (snapshot) parts.forEach((part) => part.snapshot?.({ ...snapshot, requests: [] }));
});
