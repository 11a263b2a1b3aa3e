/** A typed client of Passe-plat's API. Its types are in `schema.ts`, which is generated. */

import createClient, { type Client, type ClientOptions, type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";

type Schemas = components["schemas"];

/** The body of every error (RFC 9457). A check of its `status` narrows the type of its `code`. */
export type Problem = Schemas[Extract<keyof Schemas, `Problem${number}`>];

export interface Options {
  /** The token of a login, or a function that is called before each request. */
  token?: string | (() => string | undefined);
  /** The language of the problems. By default, the runtime decides. */
  language?: "fr" | "en";
  /** Sends the requests, in place of the global `fetch`. */
  fetch?: NonNullable<ClientOptions["fetch"]>;
}

/** A client of the gateway at this address. */
export function passePlat(baseUrl: string, options: Options = {}): Client<paths> {
  const { fetch } = options;
  const client = createClient<paths>(fetch ? { baseUrl, fetch } : { baseUrl });
  client.use(headers(options));
  return client;
}

/** Adds the header fields that a request does not have yet. */
function headers({ token, language }: Options): Middleware {
  return {
    onRequest({ request }) {
      const add = (name: string, value: string | undefined) => {
        if (value !== undefined && !request.headers.has(name)) request.headers.set(name, value);
      };
      const current = typeof token === "function" ? token() : token;
      add("Authorization", current ? `Bearer ${current}` : undefined);
      add("Accept-Language", language);
      // With a key, the gateway can repeat the request if a service breaks the connection.
      if (request.method === "POST") add("Idempotency-Key", newKey());
      return request;
    },
  };
}

/** 128 random bits. Unlike `crypto.randomUUID`, this works on pages without TLS too. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
