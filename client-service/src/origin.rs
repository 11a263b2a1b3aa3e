//! The origin of a login, as its client sees it in the list of sessions.
//!
//! The gateway names the client's address. A sender that reaches the service without the gateway
//! can forge it, so nothing is decided by it here.

use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, USER_AGENT};
use service_kit::client_address::forwarded_for;
use shared_types::field::visible::{breaks_line, turns_direction};

/// Room for every common browser; the bound keeps a client from growing the database.
const MAX_USER_AGENT_CHARS: usize = 200;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) ip_address: Option<String>,
    pub(crate) user_agent: Option<String>,
}

impl Origin {
    pub(crate) fn of(headers: &HeaderMap, peer: Option<IpAddr>) -> Self {
        let address = forwarded_for(headers).or(peer);
        Self {
            ip_address: address.map(|ip| ip.to_canonical().to_string()),
            user_agent: user_agent(headers),
        }
    }
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let sent = String::from_utf8_lossy(headers.get(USER_AGENT)?.as_bytes()).into_owned();
    let kept: String = sent
        .chars()
        .filter(|c| !breaks_line(*c) && !turns_direction(*c))
        .take(MAX_USER_AGENT_CHARS)
        .collect();
    Some(kept).filter(|kept| !kept.is_empty())
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};

    use super::Origin;

    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn address(forwarded: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        let name = HeaderName::from_static("x-forwarded-for");
        for value in forwarded {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        Origin::of(&headers, Some(PEER)).ip_address
    }

    #[test]
    fn the_address_is_the_clients_that_the_gateway_names() {
        for (forwarded, expected) in [
            (&["203.0.113.7"][..], "203.0.113.7"),
            // Behind a proxy that the gateway trusts.
            (&["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            (&["::ffff:203.0.113.7"], "203.0.113.7"),
            (&["2001:db8::7"], "2001:db8::7"),
        ] {
            assert_eq!(address(forwarded).as_deref(), Some(expected));
        }
    }

    #[test]
    fn without_a_gateway_the_address_is_the_peers() {
        for forwarded in [&[][..], &["unknown"], &["oops, 203.0.113.7"], &[""]] {
            assert_eq!(address(forwarded).as_deref(), Some("127.0.0.1"));
        }
    }

    #[test]
    fn a_user_agent_is_cut_and_has_no_control_characters_of_the_line_or_its_direction() {
        let mut headers = HeaderMap::new();
        let long = format!("a\t\u{202e}b{}", "é".repeat(300));
        headers.insert(
            USER_AGENT,
            HeaderValue::from_bytes(long.as_bytes()).unwrap(),
        );
        let agent = Origin::of(&headers, None).user_agent.unwrap();
        assert_eq!(agent.chars().count(), 200);
        assert!(agent.starts_with("abé"), "{agent}");
    }
}
