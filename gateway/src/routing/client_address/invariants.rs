//! A client can pass for nobody else, whatever it sends. Without a trusted proxy, the client is the
//! peer. Behind one that appends to the list, the client is the address that the proxy adds, or
//! unknown.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue};

use super::{TrustedProxies, X_FORWARDED_FOR};
use crate::application::harness::fuzzing::fields;

pub(super) const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const HOST: &str = "a.example";
const CLIENTS: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7)),
];

/// `bytes` are a head.
pub(crate) fn hold(bytes: &[u8]) {
    let Ok(trusted) = "10.0.0.0/8".parse::<TrustedProxies>() else {
        return;
    };
    let sent = fields(bytes);
    let nobody = TrustedProxies::default();
    assert_eq!(nobody.client_address(PROXY, &sent), PROXY);
    // The client may name a proxy, or nobody, or this very client.
    let _ = trusted.client_address(PROXY, &sent);
    for client in CLIENTS {
        assert_eq!(trusted.client_address(client, &sent), client);
        for to_the_last in [false, true] {
            let mut fields = sent.clone();
            let own = client.to_string();
            append(&mut fields, &X_FORWARDED_FOR, &own, to_the_last);
            let believed = trusted.believe(PROXY, &fields);
            assert!(believed.hops.iter().all(|hop| *hop == client), "{fields:?}");

            let mut fields = sent.clone();
            append(
                &mut fields,
                &FORWARDED,
                &forwarded_element(client),
                to_the_last,
            );
            let believed = trusted.believe(PROXY, &fields);
            assert!(believed.hops.iter().all(|hop| *hop == client), "{fields:?}");
            // The proxy writes the host together with the address.
            assert!(believed.host.is_none_or(|host| host == HOST), "{fields:?}");
        }
    }
}

/// Appends as a proxy does: to the last line of the field, or on a line of its own.
pub(super) fn append(fields: &mut HeaderMap, name: &HeaderName, own: &str, to_the_last: bool) {
    let mut lines: Vec<Vec<u8>> = fields
        .remove(name)
        .map(|line| line.as_bytes().to_vec())
        .collect();
    match lines.last_mut().filter(|_| to_the_last) {
        Some(last) => last.extend_from_slice(format!(", {own}").as_bytes()),
        None => lines.push(own.as_bytes().to_vec()),
    }
    for line in lines {
        if let Ok(line) = HeaderValue::from_bytes(&line) {
            fields.append(name.clone(), line);
        }
    }
}

pub(super) fn forwarded_element(client: IpAddr) -> String {
    match client {
        IpAddr::V4(ip) => format!("for={ip};host=\"{HOST}\";proto=http"),
        IpAddr::V6(ip) => format!("for=\"[{ip}]:4711\";host={HOST}"),
    }
}
