//! The order that the measurements place.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::Error;
use crate::client::Client;

/// The body of an order for one portion of the first available dish on the menu at `path`.
pub(crate) async fn body(addr: SocketAddr, path: &str) -> Result<String, Error> {
    let menu = Client::connect(addr).await?.get(path).await?;
    let menu: Vec<Value> = serde_json::from_slice(&menu)?;
    let dish = menu.iter().find(|dish| dish["disponible"] == true);
    let dish = &dish.ok_or("there is no dish to order")?["id"];
    Ok(json!({
        "clientId": "0192f0c4-7d1e-7000-8000-000000000001",
        "items": [{ "menuId": dish, "quantite": 1 }],
    })
    .to_string())
}
