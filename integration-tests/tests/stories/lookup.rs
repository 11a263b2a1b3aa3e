//! `gateway logs` on the real logs of all programs: an order that the kitchen gets after its outage.

use std::io::Write as _;
use std::process::{Command, Stdio};

use actix_web::http::Method;
use serde_json::json;
use service_kit::testing::{Client, eventually};

use crate::processes::Processes;

const PROGRAMS: [&str; 5] = [
    "gateway",
    "client-service",
    "order-service",
    "kitchen-mock",
    "delivery-mock",
];

/// The standard output of `gateway logs` for these lines; empty if nothing is found.
fn told(gateway: Command, id: &str, log: &str) -> String {
    let mut command = gateway;
    let started = command.args(["logs", id]).stdin(Stdio::piped());
    let mut child = started.stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(log.as_bytes()).unwrap();
    drop(input);
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[actix_web::test]
async fn one_id_tells_an_orders_story_through_an_outage_of_the_kitchen() {
    let mut processes = Processes::start_with(vec![("LOG_FORMAT", "json".to_owned())]);
    let gateway = Client::of(processes.gateway());
    processes.stop("kitchen-mock");
    let menu = gateway.get("/order-api/menu").await.ok(200);
    let items = json!([{"menuId": menu[0]["id"], "quantite": 1}]);
    let login = json!({"email": "client@passe-plat.example", "password": "passe-plat"});
    let login = gateway.post("/client-api/login", login).await.ok(200);
    let order = json!({"clientId": login["client"]["id"], "items": items, "adresse": "1 rue A"});
    let request = gateway.request(Method::POST, "/order-api/commandes");
    let order = request.header("x-request-id", "table-7").send_json(order);
    let order = order.await.ok(201);
    let refused = gateway.request(Method::GET, "/kitchen/orders");
    let refused = refused.header("x-request-id", "hungry").send().await;
    assert!(refused.status.is_server_error(), "{}", refused.status);
    processes.start_one("kitchen-mock");
    let order = order["id"].as_str().unwrap();
    for id in ["table-7", order] {
        let story = found(&processes, id, "kitchen-mock-1 ").await;
        assert!(story.contains("request  table-7\n"), "{story}");
        assert!(story.contains(&format!("request  {order}\n")), "{story}");
        let place = |text: &str| {
            story
                .find(text)
                .unwrap_or_else(|| panic!("{text} in {story}"))
        };
        assert!(
            story.contains(" POST /order-api/commandes 201 in "),
            "{story}"
        );
        // The kitchen hears of it last, whatever the order of the logs.
        assert!(
            place(" POST /commandes 201 in ") < place("kitchen-mock-1 "),
            "{story}"
        );
    }
    // Its line has no trace id, and the access line has.
    let story = found(&processes, "hungry", "onnection refused").await;
    assert!(story.contains("trace "), "{story}");
}

/// The story of an id, once it has this text.
async fn found(processes: &Processes, id: &str, text: &str) -> String {
    eventually(text, async || {
        let logs = PROGRAMS.iter().flat_map(|name| {
            let log = processes.process(name).log().into_iter();
            log.map(move |line| format!("{name}-1  | {line}\n"))
        });
        let program = Command::new(processes.program("gateway"));
        let story = told(program, id, &logs.collect::<String>());
        story.contains(text).then_some(story)
    })
    .await
}
