// The steps of an order's journey: what each asks of the public API, and what it needs of those before it.

import { ask } from "./api.js";
import { t } from "./text.js";

const PUBLIC = "/public";
const DEMO = { email: "client@passe-plat.example", password: "passe-plat" };
/** Whose journey it is: the demo client, or who was signed up in its place. */
let account = DEMO;
/** How long the next service may take to hear of the order, in milliseconds, and how long to wait between two looks. */
const PATIENCE = 5000;
const PAUSE = 200;

/** A step that failed, in words. */
export class Failed extends Error {}

/**
 * `order`: what is known of the journey so far. `call`: asks, shows it, and fails the step where the answer is no success
 * and its status none of `may`.
 */
export const STEPS = [
  {
    id: "login",
    title: "stepLogin",
    async play(order, call) {
      const { access_token, client } = (await logIn(call, [401])) ?? (await signUp(call));
      order.token = access_token;
      order.client = client.id;
      order.address = addressOf(client);
      order.phone = client.phone;
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
      const items = [{ menuId: order.dish, quantite: 2 }];
      const body = { clientId: order.client, items, adresse: order.address, telephone: order.phone };
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
      if (!delivery.livreurId) await hire(call, delivery);
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

/** The answer to a login. Null where there is no such account, which only `may` allows. */
async function logIn(call, may = []) {
  const { status, body } = await call("POST", "/client-api/login", { body: account, may });
  return status === 200 ? body : null;
}

/** Somebody has deleted or closed the account. Another one is nobody else's: its password is known to this page alone. */
async function signUp(call) {
  account = { email: `${unique()}@passe-plat.example`, password: unique() };
  const person = { firstName: "Camille", lastName: "Durand" };
  const place = { address: "12 rue des Lilas", city: "Lyon", postalCode: "69003" };
  await call("POST", "/client-api/clients", { body: { ...account, ...person, ...place } });
  return logIn(call);
}

/**
 * A courier whose order nobody marked as delivered, since its journey was left, takes no other: one more is hired. As
 * whoever is free is given the order that has waited longest, which may be another one, this one is assigned.
 */
async function hire(call, delivery) {
  const courier = (await call("POST", "/delivery-api/livreurs", { body: newCourier() })).body;
  await call("POST", `/delivery-api/livraisons/${delivery.id}/assigner`, { body: { livreurId: courier.id } });
}

/** In one line, of what is known; empty where nothing is. */
function addressOf({ address, postalCode, city }) {
  const words = (all, between) => all.filter(Boolean).join(between);
  return words([address, words([postalCode, city], " ")], ", ");
}

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
