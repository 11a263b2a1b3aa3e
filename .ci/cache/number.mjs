// Tells the suite's origin which request of a test arrives, where a cache passes on nothing of the client that is not in
// its key. The suite numbers its requests by a field of its own (`Req-Num`), which such a cache leaves out. The number
// goes in `X-Request-Id` too, which is passed on for the log. Loaded by `node --import` into its client and its origin.

import http from 'node:http'

const FORM = /^cache-test-(\d+)-/

const { fetch, crypto } = globalThis
globalThis.fetch = (url, init = {}) => {
  const headers = [...(init.headers ?? [])]
  const number = headers.find(([name]) => name === 'Req-Num')?.[1]
  if (number !== undefined) headers.push(['X-Request-Id', `cache-test-${number}-${crypto.randomUUID()}`])
  return fetch(url, { ...init, headers })
}

const { createServer } = http
http.createServer = handler => createServer((request, response) => {
  const number = FORM.exec(request.headers['x-request-id'] ?? '')?.[1]
  if (number !== undefined) request.headers['req-num'] ??= number
  handler(request, response)
})
