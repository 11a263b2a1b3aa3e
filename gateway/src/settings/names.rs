//! The host names of the operator's port.
//!
//! Nobody has to log in there. So a page that points its own name at this port (DNS rebinding)
//! would have the console's rights. Addresses, `localhost` and names without a dot are accepted,
//! because nobody can register them; any other name must be listed.

use std::net::IpAddr;
use std::str::FromStr;

use actix_web::http::uri::Authority;

/// `GATEWAY_ADMIN_HOSTS`: further names, separated by commas.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(Vec<String>);

impl Names {
    /// Whether `host`, a value of the `Host` field, is a name of this port.
    pub(crate) fn have(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        let name = authority.host();
        let is_all = host
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
        let bare = name.trim_matches(['[', ']']);
        let is_address = bare.parse::<IpAddr>().is_ok();
        let is_listed = self.0.iter().any(|own| own.eq_ignore_ascii_case(name));
        is_all && (is_address || is_listed || !name.contains(['.', '[']))
    }
}

impl FromStr for Names {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = text.split(',').map(str::trim);
        let names = names.filter(|name| !name.is_empty()).map(|name| {
            let is_name = name
                .parse::<Authority>()
                .is_ok_and(|own| own.host() == name);
            is_name
                .then(|| name.to_owned())
                .ok_or_else(|| format!("{name} is not a host name"))
        });
        names.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn a_name_that_anyone_could_own_must_be_listed() {
        let names: Names = "ops.example.org, other.example.org".parse().unwrap();
        for host in [
            "localhost",
            "localhost:9000",
            "gateway:9000",
            "127.0.0.1:9000",
            "[::1]:9000",
            "OPS.example.org:9000",
            "other.example.org",
        ] {
            assert!(names.have(host), "{host}");
        }
        for host in [
            "evil.example.org",
            "evil.example:9000",
            "127.0.0.1.evil.example",
            "localhost.",
            "ops.example.org.evil.example",
            "[::1].evil.example",
            "evil.example@localhost",
            "a b",
            "",
        ] {
            assert!(!names.have(host), "{host}");
        }
    }

    #[test]
    fn anything_but_a_host_name_is_refused() {
        for text in ["a b", "http://a.example", "a.example:80", "a.example/x"] {
            assert!(text.parse::<Names>().is_err(), "{text}");
        }
        assert!("".parse::<Names>().is_ok());
    }
}
