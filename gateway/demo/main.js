// Puts the page together: its path says which rooms it shows, and /status what each of them has to miss.

import { call, onConnection } from "./call.js";
import { cuisine } from "./cuisine.js";
import { at, make, say } from "./dom.js";
import { livraison } from "./livraison.js";
import { salle } from "./salle.js";
import { clock } from "./show.js";
import { onLang, startText, t } from "./text.js";
import { pauseOf, watch } from "./watch.js";

/** Milliseconds between two looks at what works. */
const PAUSE = 2000;
const ROOMS = { salle, cuisine, livraison };

const asked = location.pathname.split("/").pop();
const shown = Object.hasOwn(ROOMS, asked) ? [asked] : Object.keys(ROOMS);
const rooms = shown.map((name) => ROOMS[name]());
at("main").dataset.rooms = rooms.length;
at("main").append(...rooms.map((room) => room.section));

const link = (name, path, key) =>
  make("a", { href: path, "data-text": key, "aria-current": name === asked && "page" });
at("rooms").append(
  link("demo", "/demo", "overview"),
  link("salle", "/demo/salle", "salle"),
  link("cuisine", "/demo/cuisine", "cuisine"),
  link("livraison", "/demo/livraison", "livraison"),
);

let lostAt = null;

function showConnection() {
  document.body.dataset.connection = lostAt === null ? "live" : "lost";
  say(at("lost"), lostAt === null ? "" : t("lost", clock(lostAt)));
}

onConnection((since) => {
  lostAt = since;
  showConnection();
});
startText();
onLang(() => {
  document.title = shown.length === 1 ? `${t(asked)} – Passe-plat` : "Passe-plat";
  showConnection();
  rooms.forEach((room) => room.redraw());
});
watch(async () => {
  const answer = await call(null, "GET", "/status");
  if (answer.status === 200) rooms.forEach((room) => room.features(answer.body.features));
  return pauseOf(answer);
}, PAUSE);
