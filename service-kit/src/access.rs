//! Who may use which route of a service.
//!
//! With `ACCESS=open`, the published contract, everyone may use every route and no token is read.
//! With `ACCESS=strict`, a route is for those whom its [`Rule`] names. Each service checks tokens by
//! itself: it knows the client service's public keys and the sessions that were ended early, so it
//! goes on while the client service is away.
//!
//! `rule` decides, `token` reads a token, `verified` remembers those that were right, `ended` the
//! sessions that ended, `known` is what was learned from the client service, `watch` asks it, and
//! `guard` puts all of this in front of a service's routes. `caller` is what a handler sees of it.

mod caller;
mod ended;
mod guard;
mod known;
pub mod revocations;
mod rule;
mod settings;
mod token;
mod verified;
mod watch;

pub use caller::{Caller, Vouched};
pub use guard::Guard;
pub use rule::{Rule, Who};
pub use settings::{Access, Settings};
pub use token::{Claims, PublicKeys, SigningError, SigningKey, TokenError};
