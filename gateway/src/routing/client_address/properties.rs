//! A client can pass for nobody else, whatever it sends.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::invariants::{PROXY, append, forwarded_element};
use super::{TrustedProxies, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO};

fn trusted() -> TrustedProxies {
    "10.0.0.0/8".parse().unwrap()
}

/// Any field value, and more often one that is nearly right.
fn value() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("for=".to_owned()),
        Just("host=evil;".to_owned()),
        Just("10.0.0.2".to_owned()),
        Just("6.6.6.6".to_owned()),
        Just("\"[2001:db8::6]\"".to_owned()),
        Just("unknown".to_owned()),
        "[,;\"\\\\ =:]",
        "[ -~]{0,4}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn name() -> impl Strategy<Value = HeaderName> {
    let names = [
        X_FORWARDED_FOR.clone(),
        X_FORWARDED_HOST.clone(),
        X_FORWARDED_PROTO.clone(),
        FORWARDED,
    ];
    prop::sample::select(names.to_vec())
}

fn sent() -> impl Strategy<Value = HeaderMap> {
    prop::collection::vec((name(), value()), 0..6).prop_map(|lines| {
        let mut fields = HeaderMap::new();
        for (name, value) in lines {
            fields.append(name, HeaderValue::from_str(&value).unwrap());
        }
        fields
    })
}

/// A client that is not itself a trusted proxy.
fn client() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
        any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))),
    ]
    .prop_filter("a proxy", |ip| !trusted().trusts(*ip))
    .prop_map(|ip| ip.to_canonical())
}

proptest! {
    #[test]
    fn without_trusted_proxies_the_client_is_the_peer(fields in sent(), peer in client()) {
        let nobody = TrustedProxies::default();
        prop_assert_eq!(nobody.client_address(peer, &fields), peer);
    }

    #[test]
    fn behind_an_appending_proxy_a_client_is_itself_or_unknown(
        mut fields in sent(),
        client in client(),
        to_the_last in any::<bool>(),
        speaks_forwarded in any::<bool>(),
    ) {
        if speaks_forwarded {
            append(&mut fields, &FORWARDED, &forwarded_element(client), to_the_last);
        } else {
            append(&mut fields, &X_FORWARDED_FOR, &client.to_string(), to_the_last);
        }
        let found = trusted().client_address(PROXY, &fields);
        prop_assert!(found == client || found == PROXY, "{} in {:?}", found, fields);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let Ok(value) = HeaderValue::from_bytes(&bytes) else {
            return Ok(());
        };
        for name in [&X_FORWARDED_FOR, &FORWARDED] {
            let mut fields = HeaderMap::new();
            fields.append(name.clone(), value.clone());
            let _ = trusted().client_address(PROXY, &fields);
        }
    }
}
