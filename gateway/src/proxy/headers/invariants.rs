//! Of any head, nothing goes through that is hop-by-hop or that a `Connection` names, in whatever case and among
//! whatever else, and all the rest does.

use actix_web::http::header::CONNECTION;

use super::ConnectionOptions;
use crate::fuzzing::fields;

/// RFC 9110 §7.6.1, and those that other sections and habit add.
pub(in crate::proxy) const HOP_BY_HOP: [&str; 11] = [
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
    }
}
