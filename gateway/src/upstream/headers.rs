//! Which fields go through the gateway, and which it writes itself. Decides by name alone.

mod claims;

use std::borrow::Cow;

/// `service_kit::request_id::HEADER`.
pub(super) const X_REQUEST_ID: &str = "x-request-id";
pub(super) const TRACEPARENT: &str = "traceparent";

/// What a head's `Connection` says (RFC 9110 §7.6.1).
pub(super) struct ConnectionOptions<'a> {
    named: Vec<&'a [u8]>,
    /// No other message comes on the connection (RFC 9112 §9.6).
    pub(super) is_closing: bool,
}

impl<'a> ConnectionOptions<'a> {
    /// `values` are those of the head's `Connection` fields.
    pub(super) fn new(values: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut options = Self {
            named: Vec::new(),
            is_closing: false,
        };
        // As bytes, for an option beside one that is no text is named all the same.
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

    /// Whether a field is meant for the last recipient: all are but the hop-by-hop ones (RFC 9110 §7.6.1) and those
    /// that `Connection` names. `name` is in lower case.
    pub(super) fn lets_through(&self, name: &str) -> bool {
        let name_is = |named: &&[u8]| name.as_bytes().eq_ignore_ascii_case(named);
        !is_hop_by_hop(name) && !self.named.iter().any(name_is)
    }
}

pub(super) fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            // An option's name, reserved so that no field has it (RFC 9112 §9.6).
            | "close"
            // Meant for the next proxy, which is this one (RFC 9110 §11.7).
            | "proxy-authenticate"
            | "proxy-authorization"
            // Answered with 100 where the body is taken (RFC 9110 §10.1.1).
            | "expect"
    )
}

/// The fields of a request that its sender does not decide: those that the gateway writes anew, and [`claims`]. The
/// upstream has a host of its own, the body is framed anew, and what tells who asked goes on only as far as it is
/// believed. `name` is in lower case.
pub(super) fn is_withheld(name: &str) -> bool {
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

/// The name as a server sees it that takes every character but letters and digits for the same, as CGI and its heirs do
/// (RFC 3875 §4.1.18): `X_Forwarded_For` is read there as `X-Forwarded-For` is.
fn folded(name: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if name.bytes().all(is_plain) {
        return Cow::Borrowed(name);
    }
    let fold = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    Cow::Owned(name.chars().map(fold).collect())
}

#[cfg(any(fuzzing, test))]
pub(super) mod invariants;

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
    fn hop_by_hop_fields_stay_behind() {
        let names = [&HOP_BY_HOP[..], &["authorization"]].concat();
        assert_eq!(through(&["keep-alive"], &names), ["authorization"]);
    }

    #[test]
    fn what_connection_names_stays_behind() {
        let names = ["x-secret", "x-other", "x-mine"];
        let connection = ["close, X-Secret", "x-other"];
        assert_eq!(through(&connection, &names), ["x-mine"]);
    }

    #[test]
    fn what_the_gateway_writes_itself_is_not_taken_over() {
        for name in [observe::ORIGINAL_PATH, request_id::HEADER] {
            assert!(is_withheld(name.as_str()), "{name}");
        }
        assert_eq!(X_REQUEST_ID, request_id::HEADER.as_str());
    }

    #[test]
    fn a_name_that_a_server_could_fold_to_one_of_the_gateways_own_stays_behind() {
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
        fn no_spelling_of_a_claim_goes_through(
            name in prop::sample::select(claims::known().collect::<Vec<_>>()),
            picks in prop::collection::vec(0..FOLDED.len(), 8),
        ) {
            // Case is gone once a name has been read.
            let mut picks = picks.into_iter().cycle();
            let spell = |c| match c {
                '-' => picks.next().map_or(c, |pick| char::from(FOLDED[pick])),
                c => c,
            };
            let spelled: String = name.chars().map(spell).collect();
            prop_assert!(is_withheld(&spelled), "{}", spelled);
        }
    }

    /// A field's name, as the server has it: in lower case.
    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            prop::sample::select(HOP_BY_HOP.to_vec()).prop_map(str::to_owned),
            // Few letters, so that names meet.
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
        fn nothing_goes_through_but_what_is_neither_hop_by_hop_nor_named(
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
