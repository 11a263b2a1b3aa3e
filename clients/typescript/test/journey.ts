/** Tests the client against a running stack: an order's journey, and a typed problem. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { passePlat, type Problem } from "@passe-plat/client";

const url = process.env.PASSE_PLAT_URL ?? "http://localhost:8000";

/** The data of an answer; a problem fails the test. */
async function ok<T>(answer: Promise<{ data?: T; error?: Problem }>): Promise<T> {
  const { data, error } = await answer;
  assert.ok(data !== undefined, JSON.stringify(error));
  return data;
}

/** The first answer that is not undefined. The services tell each other of an order by events. */
async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await pause(50);
  }
  throw new Error(`not within 20 s: ${what}`);
}

test("an order is placed, cooked and delivered", async () => {
  const credentials = { email: "client@passe-plat.example", password: "passe-plat" };
  const login = await ok(passePlat(url).POST("/client-api/login", { body: credentials }));
  const api = passePlat(url, { token: login.access_token });
  const sessions = await ok(api.GET("/client-api/sessions"));
  assert.ok(sessions.length > 0, "the token is sent");

  const query = { categorie: "DESSERT" } as const;
  const [dish] = await ok(api.GET("/order-api/menu/filter", { params: { query } }));
  assert.ok(dish);

  const body = { clientId: login.client.id, items: [{ menuId: dish.id, quantite: 2 }] };
  const order = await ok(api.POST("/order-api/commandes", { body }));
  assert.ok("totalPrice" in order, "it is placed, not kept for later");
  assert.equal(order.totalPrice, 2 * dish.prix);
  const order_id = order.id;

  const reaches = (status: typeof order.status) =>
    eventually(`the order is ${status}`, async () => {
      const params = { path: { id: order_id } };
      const now = await ok(api.GET("/order-api/commandes/{id}", { params }));
      return now.status === status ? now : undefined;
    });

  await eventually("the kitchen has the order", async () => {
    const tickets = await ok(api.GET("/kitchen/orders"));
    return tickets.find((ticket) => ticket.order_id === order_id);
  });
  await ok(api.POST("/kitchen/update", { body: { order_id, status: "PRETE" } }));
  await reaches("PRETE");
  await eventually("a courier has the order", async () => {
    const assigned = await ok(api.GET("/delivery/assigned"));
    return assigned.find((delivery) => delivery.order_id === order_id);
  });
  await ok(api.POST("/delivery/update", { body: { order_id, status: "LIVREE" } }));
  await reaches("LIVREE");

  const params = { path: { commandeId: order_id } };
  const tracked = await ok(api.GET("/suivi/{commandeId}", { params }));
  assert.equal(tracked.order.id, order_id);
  assert.equal(tracked.meta.complete, true);
});

test("an order that is sent again with its key is placed once", async () => {
  const api = passePlat(url);
  const [dish] = await ok(api.GET("/order-api/menu"));
  assert.ok(dish);
  const clientId = "0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4d5e";
  const body = { clientId, items: [{ menuId: dish.id, quantite: 1 }] };
  const params = { header: { "Idempotency-Key": `journey-${Date.now()}` } };
  const first = await ok(api.POST("/order-api/commandes", { body, params }));
  const second = await ok(api.POST("/order-api/commandes", { body, params }));
  assert.equal(second.id, first.id);
});

test("an unknown order is a typed problem", async () => {
  const params = { path: { id: "0192f0d1-0000-7000-8000-000000000000" } };
  const api = passePlat(url, { language: "en" });
  const { data, error, response } = await api.GET("/order-api/commandes/{id}", { params });
  assert.equal(data, undefined);
  assert.equal(response.status, 404);
  const problem: Problem | undefined = error;
  if (problem?.status !== 404) throw new Error(JSON.stringify(problem));
  if (problem.code !== "order_not_found") throw new Error(problem.code);
  assert.equal(problem.title, "Order not found");
  assert.ok(problem.requestId);
  // @ts-expect-error: the compiler knows that no code of a 404 is left but this one.
  assert.notEqual(problem.code === "rate_limited", true);
});
