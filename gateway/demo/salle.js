// The dining room: the menu, the basket, and the latest orders of this browser.

import { basket } from "./basket.js";
import { at, make, say } from "./dom.js";
import { menu } from "./menu.js";
import { ownClient, place } from "./order.js";
import { room } from "./room.js";
import { euros, reason } from "./show.js";
import { t } from "./text.js";
import { track } from "./track.js";

const ORDERS = "passe-plat.demo.orders";
/** Each is a stream, of which a browser has six for all its pages. */
const FOLLOWED = 2;
const ACCOUNT = "client@passe-plat.example";

export function salle() {
  const own = room("salle", ACCOUNT, () => {
    chosen.offer(own.session.client);
    own.note("order", null);
    orders.forEach((one) => one.stop());
    followAll();
  });
  const carte = make("div", { id: "menu", class: "menu", tabindex: -1 }, make("p", { class: "quiet", "data-text": "loading" }));
  const bag = make("div", { id: "basket", tabindex: -1 });
  const send = make("button", { id: "order", class: "primary", type: "button" });
  const list = make("ol", { id: "orders", class: "cards" });
  const followed = make("div", { class: "followed", tabindex: -1, hidden: true }, make("h3", { "data-text": "orders" }), list);
  const chosen = basket(bag, drawButton);
  let known = JSON.parse(localStorage.getItem(ORDERS) ?? "[]");
  let orders = [];
  let isSending = false;
  let wasAway = false;

  function drawButton() {
    send.textContent = isSending ? t("sending") : t("orderFor", euros(chosen.total()));
    send.setAttribute("aria-disabled", isSending);
    send.hidden = chosen.isEmpty();
    // In sight wherever in the menu its reader is.
    at("bag").hidden = chosen.isEmpty();
    say(at("bag"), t("basketOf", euros(chosen.total())));
    if (chosen.isEmpty()) own.note("order", null);
  }

  function followAll() {
    localStorage.setItem(ORDERS, JSON.stringify(known));
    orders = known.map((order) =>
      track(order, {
        session: own.session,
        confirmed: () => localStorage.setItem(ORDERS, JSON.stringify(known)),
        gone: () => forget(order),
      }),
    );
    list.replaceChildren(...orders.map((one) => one.element));
    followed.hidden = orders.length === 0;
  }

  function remember(order) {
    orders.forEach((one) => one.stop());
    known = [order, ...known].slice(0, FOLLOWED);
    followAll();
    followed.focus();
  }

  /** The restaurant does not know the order: its databases were emptied, or it was another one. */
  function forget(order) {
    orders.forEach((one) => one.stop());
    known = known.filter((one) => one !== order);
    followAll();
  }

  async function sendOrder() {
    if (isSending || chosen.isEmpty()) return;
    isSending = true;
    drawButton();
    const body = chosen.order(own.session.client?.id ?? ownClient());
    const answer = await place(own.session, body);
    isSending = false;
    drawButton();
    if (answer.status === 201 || answer.status === 200) {
      own.note("order", null);
      chosen.clear();
      remember({ id: answer.body.id });
    } else if (answer.status === 202) {
      own.note("order", null);
      chosen.clear();
      const waiting = answer.fields.get("location") ?? `/differe/${answer.body.id}`;
      remember({ waiting, message: answer.body.message });
    } else {
      const isAsked = own.session.isAskedBy(answer);
      wasAway = answer.status === 0 || answer.status >= 500;
      own.note("order", () => `${reason(answer)} ${isAsked ? t("logInFirst") : t("basketKept")}`);
      carte.dispatchEvent(new Event("look"));
    }
  }

  send.addEventListener("click", sendOrder);
  const shown = menu(carte, own, (dish) => chosen.add(dish));
  carte.addEventListener("look", () => shown.again());
  own.section.append(
    followed,
    make("h3", { "data-text": "menu" }),
    carte,
    make("div", { class: "basket" }, make("h3", { "data-text": "basket" }), bag),
    send,
  );
  followAll();

  return {
    section: own.section,

    redraw() {
      own.redraw();
      shown.redraw();
      chosen.redraw();
      drawButton();
      orders.forEach((one) => one.redraw());
    },

    features({ ordering }) {
      const isAway = ordering?.status === "down";
      const isWithoutKitchen = ordering?.status === "degraded" && ordering.missing?.includes("kitchen");
      own.note("kitchen", isWithoutKitchen && (() => t("orderingWithoutKitchen")), "warn");
      // A refused order has said it already.
      own.note("ordering", isAway && !wasAway && (() => t("orderingAway")), "warn");
      if (wasAway && ordering?.status === "up") {
        wasAway = false;
        if (!chosen.isEmpty()) own.note("order", () => t("orderingBack"), "good");
      }
    },
  };
}
