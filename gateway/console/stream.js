// Listens to the server's event stream and tells whether it is connected.

/** Calls `heard.hello`, `heard.snapshot` and `heard.connection` ("connecting", "live" or "lost") as events come. */
export function listen(heard) {
  heard.connection("connecting");
  // The browser itself reconnects a stream that has broken off.
  const source = new EventSource("/events");
  source.addEventListener("open", () => heard.connection("live"));
  source.addEventListener("error", () => heard.connection("lost"));
  source.addEventListener("hello", (event) => heard.hello(JSON.parse(event.data)));
  source.addEventListener("snapshot", (event) => heard.snapshot(JSON.parse(event.data)));
}
