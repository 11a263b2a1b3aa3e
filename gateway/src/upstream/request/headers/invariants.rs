//! For any head, no field is sent on that is hop-by-hop or named by a `Connection`, in any case and
//! among any others, and all the rest is. No field is left that a server could read as one of the
//! gateway's own or as a claim about the sender, however its name is spelled.

use actix_web::http::header::CONNECTION;

use super::{ConnectionOptions, claims, is_withheld};
use crate::application::harness::fuzzing::fields;

/// The fields of RFC 9110 §7.6.1, and those that other sections and custom add.
pub(in crate::upstream) const HOP_BY_HOP: [&str; 11] = [
    "close",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The characters of a name beside letters and digits (RFC 9110 §5.6.2). Some servers treat them
/// all alike.
pub(super) const FOLDED: &[u8] = b"-_.!#$%&'*+^`|~";

/// The fields that only the gateway writes.
const OWN: [&str; 9] = [
    "content-length",
    "forwarded",
    "host",
    "traceparent",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-uri",
    "x-request-id",
];

/// `bytes` are a head.
pub(crate) fn hold(bytes: &[u8]) {
    let fields = fields(bytes);
    let connection = || fields.get_all(CONNECTION).map(AsRef::as_ref);
    let options = ConnectionOptions::new(connection());
    for name in fields.keys().map(AsRef::<str>::as_ref) {
        let is_named = connection()
            .flat_map(|value: &[u8]| value.split(|byte| *byte == b','))
            .any(|option| option.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
        let stays = is_named || HOP_BY_HOP.contains(&name);
        assert_eq!(options.lets_through(name), !stays, "{name} in {fields:?}");
        let is_read_as = |own: &str| {
            own.len() == name.len()
                && own.bytes().zip(name.bytes()).all(|(own, sent)| match own {
                    b'-' => FOLDED.contains(&sent),
                    own => own == sent,
                })
        };
        let is_hidden = name
            .bytes()
            .any(|byte| byte != b'-' && FOLDED.contains(&byte))
            && HOP_BY_HOP.into_iter().any(is_read_as);
        let is_claim = is_hidden
            || OWN.into_iter().chain(claims::known()).any(is_read_as)
            || name.get(.."x-forwarded".len()).is_some_and(|start| {
                start.replace(|c: char| !c.is_alphanumeric(), "-") == "x-forwarded"
            });
        assert_eq!(is_withheld(name), is_claim, "{name} in {fields:?}");
    }
}
