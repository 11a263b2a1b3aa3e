// What the server tells: the stream of events, and whether it is there.

/** Calls `heard.hello`, `heard.snapshot` and `heard.connection` ("connecting", "live", "lost") as it comes. */
export function listen(heard) {
  heard.connection("connecting");
  // A browser comes back by itself to a stream that has broken off.
  const source = new EventSource("/events");
  source.addEventListener("open", () => heard.connection("live"));
  source.addEventListener("error", () => heard.connection("lost"));
  source.addEventListener("hello", (event) => heard.hello(JSON.parse(event.data)));
  source.addEventListener("snapshot", (event) => heard.snapshot(JSON.parse(event.data)));
}
