//! Which fields go through the gateway, and which it writes itself. Decides by name alone.

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
    /// that `Connection` names.
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

/// The fields of a request that the gateway writes anew. The upstream has a host of its own, the body is framed
/// anew, and what tells who asked goes on only as far as it is believed: anyone can write it.
pub(super) fn is_rewritten(name: &str) -> bool {
    matches!(
        name,
        "host"
            | "content-length"
            | "forwarded"
            | "traceparent"
            | "x-forwarded-for"
            | "x-forwarded-host"
            | "x-forwarded-proto"
            | "x-forwarded-uri"
            | "x-request-id"
    )
}

#[cfg(any(fuzzing, test))]
pub(super) mod invariants;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use service_kit::{observe, request_id};

    use super::invariants::HOP_BY_HOP;
    use super::{ConnectionOptions, X_REQUEST_ID, is_rewritten};

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
            assert!(is_rewritten(name.as_str()), "{name}");
        }
        assert_eq!(X_REQUEST_ID, request_id::HEADER.as_str());
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
