//! Compressed answers: the decoded body is always the upstream's, byte for byte.

mod kept;
mod own;
mod relayed;
mod streamed;

use std::io::Read as _;

use service_kit::testing::{Answer, Client};

use crate::CONFIG;

/// The codings that the gateway makes.
const CODINGS: [&str; 2] = ["br", "gzip"];

/// The usual routes, compressed.
fn compressing() -> String {
    CONFIG.replace("outage = \"error\"", "compress = true, outage = \"error\"")
}

/// A list of some length, as JSON.
fn list(items: usize) -> String {
    let item = |id| format!("{{\"id\":{id},\"name\":\"Dish number {id}\",\"available\":true}}");
    let items: Vec<_> = (0..items).map(item).collect();
    format!("[{}]", items.join(","))
}

/// What a client reads of these bytes, up to the first error.
fn read(coding: &str, bytes: &[u8]) -> (Vec<u8>, std::io::Result<usize>) {
    let mut plain = Vec::new();
    let read = match coding {
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain),
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain),
        other => panic!("{other}"),
    };
    (plain, read)
}

#[track_caller]
fn decoded(coding: &str, bytes: &[u8]) -> String {
    let (plain, end) = read(coding, bytes);
    end.unwrap();
    String::from_utf8(plain).unwrap()
}

async fn get(client: &Client, path: &str, fields: &[(&str, &str)]) -> Answer {
    let request = client.request(actix_web::http::Method::GET, path);
    let with = |request: service_kit::testing::Request, field: &(&str, &str)| {
        request.header(field.0, field.1)
    };
    fields.iter().fold(request, with).send().await
}

async fn accepting(client: &Client, path: &str, coding: &str) -> Answer {
    get(client, path, &[("accept-encoding", coding)]).await
}

/// The names in `Vary`, in lower case, without the one that CORS adds.
fn varies_by(answer: &Answer) -> Vec<String> {
    let lines = answer.headers.get_all("vary");
    let names = lines.flat_map(|line| line.to_str().unwrap().split(','));
    let names = names.map(|name| name.trim().to_ascii_lowercase());
    names.filter(|name| name != "origin").collect()
}
