// The steps of an order's journey: what each asks of the public API, and what it needs of those before it.

import { ask } from "./api.js";
import { t } from "./text.js";

const PUBLIC = "/public";
const ACCOUNT = { email: "client@passe-plat.example", password: "passe-plat" };
/** How long the next service may take to hear of the order, in milliseconds, and how long to wait between two looks. */
const PATIENCE = 5000;
const PAUSE = 200;

/** A step that failed, in words. */
export class Failed extends Error {}

/** `order`: what is known of the journey so far. `call`: asks, and shows it. */
export const STEPS = [
  {
    id: "login",
    title: "stepLogin",
    async play(order, call) {
      const answer = await call("POST", "/client-api/login", { body: ACCOUNT });
      order.token = answer.body.access_token;
      order.client = answer.body.client.id;
    },
  },
  {
    id: "menu",
    title: "stepMenu",
    async play(order, call) {
      const answer = await call("GET", "/order-api/menu/filter?categorie=DESSERT");
      const dish = answer.body.find((each) => each.disponible);
      if (!dish) throw new Failed(t("noDish"));
      order.dish = dish.id;
    },
  },
  {
    id: "order",
    title: "stepOrder",
    needs: ["client", "dish"],
    async play(order, call) {
      const body = { clientId: order.client, items: [{ menuId: order.dish, quantite: 2 }] };
      const headers = { "Idempotency-Key": unique(), Authorization: `Bearer ${order.token}` };
      order.id = (await call("POST", "/order-api/commandes", { body, headers })).body.id;
    },
  },
  {
    id: "follow",
    title: "stepFollow",
    needs: ["id"],
    async play(order, call) {
      await call("GET", `/suivi/${order.id}`);
    },
  },
  {
    id: "kitchen",
    title: "stepKitchen",
    needs: ["id"],
    async play(order, call) {
      await until(call, "/kitchen/orders", (all) => all.some((ticket) => ticket.order_id === order.id));
      await call("POST", "/kitchen/update", { body: { order_id: order.id } });
    },
  },
  {
    id: "courier",
    title: "stepCourier",
    needs: ["id"],
    async play(order, call) {
      const path = `/delivery-api/livraisons?commandeId=${order.id}`;
      const [delivery] = await until(call, path, (all) => all.length > 0);
      // A courier whose order nobody marked as delivered, since its journey was left, takes no other: one more is hired.
      if (!delivery.livreurId) await call("POST", "/delivery-api/livreurs", { body: newCourier() });
      await until(call, "/delivery/assigned", (all) => all.some((each) => each.order_id === order.id));
    },
  },
  {
    id: "delivered",
    title: "stepDelivered",
    needs: ["id"],
    async play(order, call) {
      await call("POST", "/delivery/update", { body: { order_id: order.id } });
      await until(call, `/order-api/commandes/${order.id}`, (found) => found.status === "LIVREE");
    },
  },
];

/** One request of a step. What is no success fails it. */
export async function callPublic(method, path, options) {
  const answer = await ask(method, PUBLIC + path, options);
  return {
    answer,
    failure: answer.status >= 200 && answer.status < 300 ? null : (answer.body?.detail ?? t("noAnswer")),
  };
}

/** `randomUUID` is there only where the page is from this machine or over TLS. */
function unique() {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}

function newCourier() {
  return { nom: t("extraCourier"), email: `${unique()}@passe-plat.example` };
}

/** Asks until the answer is as wanted, and gives its body. */
async function until(call, path, isWanted) {
  const end = performance.now() + PATIENCE;
  for (;;) {
    const { body } = await call("GET", path);
    if (isWanted(body)) return body;
    if (performance.now() > end) throw new Failed(t("tookTooLong", PATIENCE / 1000));
    await new Promise((done) => setTimeout(done, PAUSE));
  }
}
