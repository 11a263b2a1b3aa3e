// The steps of an order's journey: what each asks of the public API, and what it needs from earlier steps.

import { ask } from "./api.js";
import { t } from "./text.js";

const PUBLIC = "/public";
const DEMO = { email: "client@passe-plat.example", password: "passe-plat" };
/** The account of the journey: the demo client's, or the one signed up in its place. */
let account = DEMO;
/** Milliseconds that the next service may take to hear of the order, and the pause between two looks. */
const PATIENCE = 5000;
const PAUSE = 200;

/** A step's failure. The message is shown to the user. */
export class Failed extends Error {}

/**
 * `order` is what the journey has found out so far. `call` sends a request, shows it, and fails the step if the answer
 * is not a success and its status is not in `may`.
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

/** Logs in and gives the body of the answer. Gives null for a status that `may` allows, such as 401. */
async function logIn(call, may = []) {
  const { status, body } = await call("POST", "/client-api/login", { body: account, may });
  return status === 200 ? body : null;
}

/** Signs up a new account, for when the demo account was deleted or closed. Only this page knows its password. */
async function signUp(call) {
  account = { email: `${unique()}@passe-plat.example`, password: unique() };
  const person = { firstName: "Camille", lastName: "Durand" };
  const place = { address: "12 rue des Lilas", city: "Lyon", postalCode: "69003" };
  await call("POST", "/client-api/clients", { body: { ...account, ...person, ...place } });
  return logIn(call);
}

/**
 * Hires one more courier. The courier there may still have an order from a journey that was abandoned, and then takes
 * no other. A free courier is given the order that has waited longest, which may be another one: so this assigns ours.
 */
async function hire(call, delivery) {
  const courier = (await call("POST", "/delivery-api/livreurs", { body: newCourier() })).body;
  await call("POST", `/delivery-api/livraisons/${delivery.id}/assigner`, { body: { livreurId: courier.id } });
}

/** The known parts of an address on one line; empty if none is known. */
function addressOf({ address, postalCode, city }) {
  const words = (all, between) => all.filter(Boolean).join(between);
  return words([address, words([postalCode, city], " ")], ", ");
}

/** Sends one request of a step. Gives the answer and, unless it is a success, the message of its failure. */
export async function callPublic(method, path, options) {
  const answer = await ask(method, PUBLIC + path, options);
  return {
    answer,
    failure: answer.status >= 200 && answer.status < 300 ? null : (answer.body?.detail ?? t("noAnswer")),
  };
}

/** A random string. `crypto.randomUUID` exists only if the page comes from localhost or over TLS. */
function unique() {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}

function newCourier() {
  return { nom: t("extraCourier"), email: `${unique()}@passe-plat.example` };
}

/** Asks again until the answer is as wanted, and gives its body. */
async function until(call, path, isWanted) {
  const end = performance.now() + PATIENCE;
  for (;;) {
    const { body } = await call("GET", path);
    if (isWanted(body)) return body;
    if (performance.now() > end) throw new Failed(t("tookTooLong", PATIENCE / 1000));
    await new Promise((done) => setTimeout(done, PAUSE));
  }
}
