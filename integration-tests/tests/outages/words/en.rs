//! The page in English.

use super::Words;

pub(super) const WORDS: Words = Words {
    file: "OUTAGES.md",
    titles: "Service | Fault",
    works: "works",
    works_degraded: "works, *degraded*",
    stale: "last good",
    partial: "partial",
    kept: "kept",
    refused: "refused",
    killed: "killed",
    frozen: "frozen",
    slow: "slow",
    failing: "failing",
    intro: "# Outages

[En français](OUTAGES.fr.md)

This page says what a guest gets of each feature while a service is down. A test fills in every
cell. It starts the six programs, takes one service away in each of four ways, and waits until
`/status` shows it. Then it asks for every feature, checks every answer down to its fields, and
checks that everything works once the service is back, and that each kept order was placed.
`cargo test -p integration-tests --test outages` repeats this and fails if this page differs.
`WRITE_DOCS=1` writes the page.

The faults:

- **killed**: `kill -9`. The service takes no connection.
- **frozen**: `kill -STOP`. The service takes connections and does not answer.
- **slow**: the service answers after every deadline.
- **failing**: the service answers every request with a 503.

The cells:

- **works**: the answer is the usual one. With *degraded*, `/status` names a part that suffers
  elsewhere, such as a kitchen that gets the order later.
- **last good**: the answer is the last good one, marked `X-Degraded: stale`, with its age.
- **partial**: the answer names its missing parts and is marked `X-Degraded: partial`.
- **kept**: the answer is a 202, marked `X-Degraded: deferred`. The order is written down, and placed
  once the service is back. `GET /differe/{id}` tells what became of it.
- **refused**: the answer is an immediate 503 `upstream_unavailable` that names the service, with
  `Retry-After`.

The gateway notices an outage after a few failures or a few seconds. Until then, a refusal is a 502
`upstream_unreachable` or a 504 `upstream_timeout`.
",
};
