// Delivery: what is under way, and the buttons of the couriers.

import { board } from "./board.js";
import { call } from "./call.js";
import { make } from "./dom.js";
import { room } from "./room.js";
import { short } from "./show.js";
import { t } from "./text.js";

const ACCOUNT = "livreur@passe-plat.example";
/** The statuses before the end, in the order of a delivery. */
const OPEN = ["EN_ATTENTE", "EN_ROUTE_RESTAURANT", "RECUPEREE", "EN_ROUTE_CLIENT"];
const WORDS = {
  EN_ATTENTE: "waitsForCourier",
  EN_ROUTE_RESTAURANT: "toRestaurant",
  RECUPEREE: "pickedUp",
  EN_ROUTE_CLIENT: "onItsWay",
};
const LIST = `/delivery-api/livraisons?${OPEN.map((status) => `statut=${status}`).join("&")}`;

export function livraison() {
  const own = room("livraison", ACCOUNT, () => deliveries.again());
  const list = make("ol", { id: "deliveries", class: "cards", tabindex: -1 }, make("li", { class: "quiet", "data-text": "loading" }));
  const crew = make("ul", { id: "couriers", class: "crew" });
  own.section.append(make("h3", { "data-text": "couriers" }), crew, make("h3", { "data-text": "deliveries" }), list);
  let couriers = [];
  let rows = [];
  /** The courier that is chosen in the list of a delivery, until it is assigned. */
  const choices = new Map();

  const nameOf = (courier) => courier.prenom ?? courier.nom;
  const carriedBy = (courier) => rows.filter((row) => row.livreurId === courier.id);
  const isFree = (courier) => courier.disponible && carriedBy(courier).length === 0;

  /** Pairs of a request for each step up to `status`: a delivery takes one at a time. */
  const steps = (row, status) => () =>
    OPEN.slice(OPEN.indexOf(row.statut) + 1, OPEN.indexOf(status) + 1).map((next) => [
      "PATCH",
      `/delivery-api/livraisons/${row.id}`,
      { statut: next },
    ]);

  function drawCouriers() {
    const item = (courier) =>
      make(
        "li",
        {},
        `${nameOf(courier)} `,
        make(
          "span",
          { class: "state", "data-state": isFree(courier) && "up" },
          isFree(courier) ? t("free") : courier.disponible ? t("carries", carriedBy(courier).length) : t("off"),
        ),
      );
    crew.replaceChildren(...couriers.map(item));
  }

  function choice(row) {
    const chosen = choices.get(row.id) ?? (couriers.find(isFree) ?? couriers[0])?.id;
    const options = couriers.map((one) =>
      make("option", { value: one.id, selected: one.id === chosen }, nameOf(one)),
    );
    return make(
      "select",
      {
        id: `courier-${row.id}`,
        "aria-label": t("courierOf", short(row.commandeId)),
        onchange: ({ target }) => choices.set(row.id, target.value),
      },
      ...options,
    );
  }

  function buttons(row, button) {
    if (!row.livreurId) {
      const select = choice(row);
      const assign = () => [["POST", `/delivery-api/livraisons/${row.id}/assigner`, { livreurId: select.value }]];
      return couriers.length ? [select, button(row, "assign", assign)] : [];
    }
    const isCarried = ["RECUPEREE", "EN_ROUTE_CLIENT"].includes(row.statut);
    const hand = () => [["POST", "/delivery/update", { order_id: row.commandeId, status: "LIVREE" }]];
    return isCarried
      ? [button(row, "markDelivered", hand, { class: "primary" })]
      : [button(row, "markPickedUp", steps(row, "RECUPEREE"), { class: "primary" })];
  }

  const deliveries = board(own, {
    list,
    empty: "noDeliveries",
    idOf: (row) => row.commandeId,

    async read() {
      const [found, known] = await Promise.all([
        call(own.session, "GET", LIST),
        call(own.session, "GET", "/delivery-api/livreurs"),
      ]);
      if (found.status !== 200 || !Array.isArray(found.body)) return { failure: found };
      rows = [...found.body].reverse();
      if (known.status === 200 && Array.isArray(known.body)) couriers = known.body;
      drawCouriers();
      return { rows };
    },

    card(row, button) {
      const word = row.livreurId === null ? "noCourier" : (WORDS[row.statut] ?? row.statut);
      const courier = couriers.find((one) => one.id === row.livreurId);
      return [
        make(
          "div",
          { class: "heading", id: `card-${row.commandeId}` },
          make("h4", {}, t("order", short(row.commandeId))),
          make("span", { class: "state", "data-state": row.livreurId !== null && "running" }, t(word)),
        ),
        make("p", {}, row.adresseArrivee ?? t("noAddress")),
        row.clientNom ? make("p", { class: "quiet" }, [row.clientNom, row.clientTelephone].filter(Boolean).join(", ")) : null,
        row.commentaires ? make("p", { class: "remark" }, row.commentaires) : null,
        courier ? make("p", { class: "quiet" }, t("courier", nameOf(courier))) : null,
        make("div", { class: "buttons" }, ...buttons(row, button)),
      ];
    },
  });

  return {
    section: own.section,

    redraw() {
      own.redraw();
      drawCouriers();
      deliveries.draw();
    },

    features({ delivery }) {
      const isAlone = delivery?.status === "degraded" && delivery.missing?.includes("orders");
      own.note("orders", isAlone && (() => t("deliveryAlone")), "warn");
    },
  };
}
