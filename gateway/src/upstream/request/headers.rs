//! Decides by name which fields are sent on, and which the gateway writes itself.

mod claims;

use std::borrow::Cow;

/// The same name as `service_kit::request_id::HEADER`.
pub(in crate::upstream) const X_REQUEST_ID: &str = "x-request-id";
pub(in crate::upstream) const TRACEPARENT: &str = "traceparent";
/// Tells an upstream that keeps requests that this one may have been carried out already.
pub(in crate::upstream) const X_DEFERRED_SENT: &str = "x-deferred-sent";
/// Tells it that this one must not be delivered before this time (RFC 3339).
pub(in crate::upstream) const X_DEFERRED_NOT_BEFORE: &str = "x-deferred-not-before";

/// The options of a head's `Connection` (RFC 9110 §7.6.1).
pub(in crate::upstream) struct ConnectionOptions<'a> {
    named: Vec<&'a [u8]>,
    /// Whether no other message follows on the connection (RFC 9112 §9.6).
    pub(in crate::upstream) is_closing: bool,
}

impl<'a> ConnectionOptions<'a> {
    /// `values` are those of the head's `Connection` fields.
    pub(in crate::upstream) fn new(values: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut options = Self {
            named: Vec::new(),
            is_closing: false,
        };
        // Compare bytes: one non-UTF-8 option must not hide the valid ones beside it.
        for option in values.flat_map(|value| value.split(|byte| *byte == b',')) {
            let option = option.trim_ascii();
            if option.eq_ignore_ascii_case(b"close") {
                options.is_closing = true;
            } else if !option.eq_ignore_ascii_case(b"keep-alive") {
                options.named.push(option);
            }
        }
        options
    }

    /// Whether `option` is among them. It is in lower case.
    pub(in crate::upstream) fn names(&self, option: &str) -> bool {
        let is_it = |named: &&[u8]| named.eq_ignore_ascii_case(option.as_bytes());
        self.named.iter().any(is_it)
    }

    /// Whether a field is end-to-end: neither hop-by-hop (RFC 9110 §7.6.1) nor named by
    /// `Connection`. `name` is in lower case.
    pub(in crate::upstream) fn lets_through(&self, name: &str) -> bool {
        !is_hop_by_hop(name) && !self.names(name)
    }
}

pub(in crate::upstream) fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            // The name of an option, reserved so that no field has it (RFC 9112 §9.6).
            | "close"
            // Addressed to the next proxy, which is this one (RFC 9110 §11.7).
            | "proxy-authenticate"
            | "proxy-authorization"
            // The gateway answers it with 100 when the body is taken (RFC 9110 §10.1.1).
            | "expect"
    )
}

/// Whether the field is not its sender's to decide: the gateway writes it anew, or it is one of the
/// [`claims`]. The upstream has its own host, the body is framed anew, and claims about the client
/// are sent on only as far as they are believed. `name` is in lower case.
pub(in crate::upstream) fn is_withheld(name: &str) -> bool {
    match folded(name) {
        Cow::Borrowed(name) => is_not_its_own(name),
        Cow::Owned(name) => is_not_its_own(&name) || is_hop_by_hop(&name),
    }
}

fn is_not_its_own(name: &str) -> bool {
    matches!(
        name,
        "host" | "content-length" | "traceparent" | "x-request-id"
    ) || claims::is_claim(name)
}

/// The name as a server sees it that treats every character but letters and digits alike, as CGI
/// and its successors do (RFC 3875 §4.1.18): they read `X_Forwarded_For` as `X-Forwarded-For`.
fn folded(name: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if name.bytes().all(is_plain) {
        return Cow::Borrowed(name);
    }
    let fold = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    Cow::Owned(name.chars().map(fold).collect())
}

#[cfg(any(fuzzing, test))]
pub(in crate::upstream) mod invariants;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use service_kit::{observe, request_id};

    use super::claims;
    use super::invariants::{FOLDED, HOP_BY_HOP};
    use super::{ConnectionOptions, X_REQUEST_ID, is_withheld};

    fn through<'a>(connection: &[&'static str], names: &[&'a str]) -> Vec<&'a str> {
        let connection = ConnectionOptions::new(connection.iter().map(|value| value.as_bytes()));
        let mut names = names.to_vec();
        names.retain(|name| connection.lets_through(name));
        names
    }

    #[test]
    fn hop_by_hop_fields_are_dropped() {
        let names = [&HOP_BY_HOP[..], &["authorization"]].concat();
        assert_eq!(through(&["keep-alive"], &names), ["authorization"]);
    }

    #[test]
    fn fields_named_by_connection_are_dropped() {
        let names = ["x-secret", "x-other", "x-mine"];
        let connection = ["close, X-Secret", "x-other"];
        assert_eq!(through(&connection, &names), ["x-mine"]);
    }

    #[test]
    fn fields_that_the_gateway_writes_are_not_copied() {
        for name in [observe::ORIGINAL_PATH, request_id::HEADER] {
            assert!(is_withheld(name.as_str()), "{name}");
        }
        assert_eq!(X_REQUEST_ID, request_id::HEADER.as_str());
    }

    #[test]
    fn a_name_that_folds_to_one_of_the_gateways_own_is_dropped() {
        for name in [
            "x_forwarded_for",
            "x_forwarded-for",
            "x.real.ip",
            "x-forwarded_prefix",
            "front_end_https",
            "content_length",
            "transfer_encoding",
            "proxy_authorization",
            "x_request_id",
        ] {
            assert!(is_withheld(name), "{name}");
        }
        for name in [
            "api_key",
            "x_token",
            "user_agent",
            "x-b3-traceid",
            "forward_ed",
        ] {
            assert!(!is_withheld(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_spelling_of_a_claim_is_sent_on(
            name in prop::sample::select(claims::known().collect::<Vec<_>>()),
            picks in prop::collection::vec(0..FOLDED.len(), 8),
        ) {
            // A name that has been read is in lower case.
            let mut picks = picks.into_iter().cycle();
            let spell = |c| match c {
                '-' => picks.next().map_or(c, |pick| char::from(FOLDED[pick])),
                c => c,
            };
            let spelled: String = name.chars().map(spell).collect();
            prop_assert!(is_withheld(&spelled), "{}", spelled);
        }
    }

    /// A field's name as the server gives it: in lower case.
    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            prop::sample::select(HOP_BY_HOP.to_vec()).prop_map(str::to_owned),
            // Few letters, so that names collide.
            "[a-c]{1,2}",
            "[!#$%&'*+.^_`|~0-9a-z-]{1,12}",
        ]
    }

    /// `Connection` as a client may write it: in any case, with empty elements and white space.
    fn option() -> impl Strategy<Value = (String, bool, String)> {
        (name(), any::<bool>(), "[ \t]{0,2}(, ?){0,2}")
    }

    proptest! {
        #[test]
        fn only_fields_neither_hop_by_hop_nor_named_are_sent_on(
            lines in prop::collection::vec(prop::collection::vec(option(), 0..4), 0..3),
            names in prop::collection::vec(name(), 0..8),
        ) {
            let written: Vec<String> = lines
                .iter()
                .map(|options| {
                    let option = |(name, shout, filling): &(String, bool, String)| {
                        let name = if *shout { name.to_uppercase() } else { name.clone() };
                        format!("{filling}{name}{filling}")
                    };
                    options.iter().map(option).collect::<Vec<_>>().join(",")
                })
                .collect();
            let connection = ConnectionOptions::new(written.iter().map(String::as_bytes));
            for name in &names {
                let named = lines.iter().flatten().any(|(option, ..)| option == name);
                let stays = named || HOP_BY_HOP.contains(&name.as_str());
                prop_assert_eq!(connection.lets_through(name), !stays, "{} in {:?}", name, written);
            }
        }
    }
}
