// The kitchen: its tickets, and the buttons that say how far each of them is.

import { board } from "./board.js";
import { call } from "./call.js";
import { make } from "./dom.js";
import { room } from "./room.js";
import { clock, short } from "./show.js";
import { t } from "./text.js";

const ACCOUNT = "chef@passe-plat.example";

export function cuisine() {
  const own = room("cuisine", ACCOUNT, () => tickets.again());
  const list = make("ol", { id: "tickets", class: "cards", tabindex: -1 }, make("li", { class: "quiet", "data-text": "loading" }));
  own.section.append(list);

  const dish = ({ nom, quantite, commentaire }) =>
    make(
      "li",
      {},
      make("b", {}, `${quantite} × `),
      nom,
      commentaire ? make("span", { class: "remark" }, ` – ${commentaire}`) : null,
    );

  const mark = (ticket, status) => () => [["POST", "/kitchen/update", { order_id: ticket.order_id, status }]];

  const tickets = board(own, {
    list,
    empty: "noTickets",
    idOf: (ticket) => ticket.order_id,

    async read() {
      const answer = await call(own.session, "GET", "/kitchen/orders");
      const isList = answer.status === 200 && Array.isArray(answer.body);
      return isList ? { rows: answer.body } : { failure: answer };
    },

    card(ticket, button) {
      const isBegun = ticket.status !== "EN_ATTENTE";
      return [
        make(
          "div",
          { class: "heading", id: `card-${ticket.order_id}` },
          make("h3", {}, t("order", short(ticket.order_id))),
          make("span", { class: "state", "data-state": isBegun && "running" }, t(isBegun ? "preparing" : "received")),
        ),
        make("p", { class: "quiet" }, t("since", clock(ticket.received_at))),
        make("ul", { class: "dishes" }, ...ticket.items.map(dish)),
        ticket.commentaire ? make("p", { class: "remark" }, ticket.commentaire) : null,
        make(
          "div",
          { class: "buttons" },
          isBegun ? null : button(ticket, "start", mark(ticket, "EN_PREPARATION")),
          button(ticket, "markReady", mark(ticket, "PRETE"), { class: "primary" }),
        ),
      ];
    },
  });

  return {
    section: own.section,

    redraw() {
      own.redraw();
      tickets.draw();
    },

    features({ kitchen }) {
      const isAlone = kitchen?.status === "degraded" && kitchen.missing?.includes("orders");
      own.note("orders", isAlone && (() => t("kitchenAlone")), "warn");
    },
  };
}
