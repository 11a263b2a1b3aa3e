/** Tests of the header fields that the client adds, without a server. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { passePlat, type Options } from "@passe-plat/client";

/** A client, and the requests that it has sent. */
function recorded(options: Options = {}) {
  const requests: Request[] = [];
  const fetch = async (request: Request) => {
    requests.push(request);
    return Response.json([]);
  };
  return { api: passePlat("http://passe-plat.test", { ...options, fetch }), requests };
}

const body = { clientId: "0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4d5e", items: [] };

test("the token is asked for before each request", async () => {
  let token: string | undefined;
  const { api, requests } = recorded({ token: () => token });
  await api.GET("/order-api/menu");
  token = "first";
  await api.GET("/order-api/menu");
  const sent = requests.map((request) => request.headers.get("Authorization"));
  assert.deepEqual(sent, [null, "Bearer first"]);
});

test("a field of the call wins", async () => {
  const { api, requests } = recorded({ token: "ours", language: "fr" });
  const headers = { Authorization: "Bearer theirs", "Accept-Language": "en" };
  await api.GET("/order-api/menu", { headers });
  assert.equal(requests[0]?.headers.get("Authorization"), "Bearer theirs");
  assert.equal(requests[0]?.headers.get("Accept-Language"), "en");
});

test("each POST has a key of its own, and nothing else has one", async () => {
  const { api, requests } = recorded();
  await api.POST("/order-api/commandes", { body });
  await api.POST("/order-api/commandes", { body });
  await api.GET("/order-api/commandes");
  const keys = requests.map((request) => request.headers.get("Idempotency-Key"));
  assert.match(keys[0] ?? "", /^[0-9a-f]{32}$/);
  assert.match(keys[1] ?? "", /^[0-9a-f]{32}$/);
  assert.notEqual(keys[0], keys[1]);
  assert.equal(keys[2], null);
});

test("a key of the call is kept", async () => {
  const { api, requests } = recorded();
  const params = { header: { "Idempotency-Key": "mine" } };
  await api.POST("/order-api/commandes", { body, params });
  assert.equal(requests[0]?.headers.get("Idempotency-Key"), "mine");
});
