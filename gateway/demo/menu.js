// The menu by category, as the gateway answers it: the latest, or the last good one of an outage.

import { call } from "./call.js";
import { make } from "./dom.js";
import { clock, euros, refill, shownInstead } from "./show.js";
import { t } from "./text.js";
import { pauseOf, watch } from "./watch.js";

/** Milliseconds between two looks. The gateway serves a menu from memory for as long. */
const PAUSE = 2000;
const CATEGORIES = {
  APERITIF: "aperitif",
  ENTREE: "starter",
  PLAT_PRINCIPAL: "main",
  ACCOMPAGNEMENT: "side",
  FORMULE: "setMenu",
  DESSERT: "dessert",
  BOISSON: "drink",
};

/** Shows the menu in `place`. `chosen` is called with a dish that is wanted. */
export function menu(place, room, chosen) {
  let dishes = null;
  let seen = null;
  let isOld = false;
  let drawn = "";

  const add = (dish) =>
    make(
      "button",
      {
        id: `add-${dish.id}`,
        type: "button",
        "aria-label": t("add", dish.nom),
        onclick: () => chosen(dish),
      },
      "+",
    );

  const item = (dish) =>
    make(
      "li",
      { class: dish.disponible ? "dish" : "dish out" },
      make("span", { class: "name" }, dish.nom),
      make("span", { class: "numbers" }, euros(dish.prix)),
      dish.disponible ? add(dish) : make("span", { class: "quiet" }, t("unavailable")),
      make("span", { class: "quiet about" }, dish.description ?? ""),
    );

  function draw() {
    place.dataset.old = isOld;
    const known = Object.keys(CATEGORIES);
    const others = [...new Set(dishes.map((dish) => dish.categorie))].filter((one) => !known.includes(one));
    const groups = [...known, ...others].map((category) => {
      const own = dishes.filter((dish) => dish.categorie === category);
      const title = make("h4", {}, t(CATEGORIES[category] ?? category));
      return own.length ? make("div", { class: "group" }, title, make("ul", {}, ...own.map(item))) : null;
    });
    refill(place, ...groups);
  }

  function redraw() {
    if (dishes !== null) draw();
  }

  async function look() {
    const answer = await call(null, "GET", "/order-api/menu");
    if (answer.status !== 200 || !Array.isArray(answer.body)) {
      isOld = dishes !== null;
      place.dataset.old = isOld;
      room.note("menu", () => shownInstead(answer, seen));
      return pauseOf(answer);
    }
    dishes = answer.body;
    isOld = answer.fields.get("x-degraded") === "stale";
    seen = Date.now() - Number(answer.fields.get("age") ?? 0) * 1000;
    const at = seen;
    room.note("menu", isOld && (() => t("menuOf", clock(at))), "warn");
    const next = JSON.stringify([dishes, isOld]);
    if (next !== drawn) draw();
    drawn = next;
    return 0;
  }

  const again = watch(look, PAUSE);
  return { redraw, again };
}
