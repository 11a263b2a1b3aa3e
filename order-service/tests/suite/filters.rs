//! Tests of the filters of a list that take several values or a time, of its count, and of
//! parameters that only resemble one.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::Answer;

use super::{CLIENT, Service, each, new_order};

const OTHERS: [&str; 2] = [
    "0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4dfe",
    "0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4dff",
];

async fn ids(service: &Service, query: &str) -> Vec<Value> {
    let list = service.get(&format!("/commandes?{query}")).await.ok(200);
    each(&list, "id")
}

async fn order_of(service: &Service, client: &str) -> Value {
    let mut new = new_order();
    new["clientId"] = json!(client);
    service.post("/commandes", new).await.ok(201)["id"].clone()
}

/// The ids of an order in each status, the newest first.
async fn one_of_each(service: &Service) -> Vec<(&'static str, Value)> {
    let statuses = ["EN_ATTENTE", "EN_PREPARATION", "PRETE", "LIVREE", "ANNULEE"];
    let mut made = Vec::new();
    for status in statuses {
        let order = service.order().await;
        if status == "LIVREE" {
            let _ = service.change(&order, "PRETE").await.ok(200);
        }
        let _ = service.change(&order, status).await.ok(200);
        made.push((status, order["id"].clone()));
    }
    made.reverse();
    made
}

#[actix_web::test]
async fn a_list_is_filtered_by_several_statuses_in_each_spelling_and_each_kind_of_list() {
    let service = Service::start(true).await;
    let made = one_of_each(&service).await;
    for wanted in [
        &["EN_ATTENTE", "PRETE"][..],
        &["EN_ATTENTE", "LIVREE"],
        &["ANNULEE", "LIVREE"],
        &[
            "EN_ATTENTE",
            "EN_PREPARATION",
            "PRETE",
            "EN_LIVRAISON",
            "LIVREE",
            "ANNULEE",
        ],
    ] {
        let expected = made.iter().filter(|(status, _)| wanted.contains(status));
        let expected: Vec<_> = expected.map(|(_, id)| id.clone()).collect();
        let mut oldest = expected.clone();
        oldest.reverse();
        for spelled in [
            format!("status={}", wanted.join(",")),
            format!("status={}", wanted.join("&status=")),
            format!("status[]={}", wanted.join("&status[]=")),
            format!("status%5B%5D={}", wanted.join("%2C")),
        ] {
            assert_eq!(ids(&service, &spelled).await, expected, "{spelled}");
            let page = format!("{spelled}&limit=10");
            assert_eq!(ids(&service, &page).await, expected, "{page}");
            let page = format!("{page}&sort=oldest");
            assert_eq!(ids(&service, &page).await, oldest, "{page}");
            let mine = format!("{spelled}&clientId={CLIENT}&clientId={}", OTHERS[0]);
            assert_eq!(ids(&service, &mine).await, expected, "{mine}");
        }
    }
}

#[actix_web::test]
async fn a_list_is_filtered_by_several_clients() {
    let service = Service::start(true).await;
    let mut made = Vec::new();
    for client in [CLIENT, OTHERS[0], OTHERS[1], CLIENT] {
        made.push((client, order_of(&service, client).await));
    }
    made.reverse();
    let expected = made.iter().filter(|(client, _)| *client != OTHERS[1]);
    let expected: Vec<_> = expected.map(|(_, id)| id.clone()).collect();
    for spelled in [
        format!("clientId={CLIENT},{}", OTHERS[0]),
        format!("clientId={CLIENT}&clientId={}", OTHERS[0]),
        format!("clientId[]={}&clientId[]={CLIENT}&limit=200", OTHERS[0]),
    ] {
        assert_eq!(ids(&service, &spelled).await, expected, "{spelled}");
    }
}

#[actix_web::test]
async fn the_pages_of_several_filters_lead_through_every_order_once() {
    let service = Service::start(true).await;
    let mut expected = Vec::new();
    for client in [CLIENT, OTHERS[0], CLIENT, OTHERS[1], OTHERS[0]] {
        let id = order_of(&service, client).await;
        expected.extend((client != OTHERS[1]).then_some(id));
    }
    expected.reverse();
    let mut query = format!(
        "limit=1&status=EN_ATTENTE,LIVREE&clientId={CLIENT},{}&from=2020-01-01&to=9999-12-31",
        OTHERS[0]
    );
    let mut seen = Vec::new();
    loop {
        let answer = service.get(&format!("/commandes?{query}")).await;
        seen.extend(each(&answer.ok(200), "id"));
        let Some(link) = answer.header("link") else {
            break;
        };
        let next = link.strip_prefix("<?").unwrap();
        query = next.strip_suffix(">; rel=\"next\"").unwrap().to_owned();
    }
    assert_eq!(seen, expected);
}

#[actix_web::test]
async fn a_list_is_filtered_by_the_time_of_the_order() {
    let service = Service::start(true).await;
    let (old, new) = (
        service.order().await["id"].clone(),
        service.order().await["id"].clone(),
    );
    // 2020-03-01T23:30:00Z, and the next day at 11:00.
    let [first, second] = [1_583_105_400_000_i64, 1_583_146_800_000];
    for (id, time) in [(&old, first), (&new, second)] {
        service.set_created(id, time).await;
    }
    let both = [new.clone(), old.clone()];
    for (query, expected) in [
        ("from=2020-03-01&to=2020-03-02", &both[..]),
        ("from=2020-03-01&to=2020-03-01", &both[1..]),
        ("from=2020-03-02", &both[..1]),
        ("to=2020-02-29", &[]),
        (
            "from=2020-03-01T23:30:00Z&to=2020-03-02T11:00:00Z",
            &both[1..],
        ),
        (
            "from=2020-03-01T23:30:00.001Z&to=2020-03-02T11:00:00.001Z",
            &both[..1],
        ),
        (
            "from=2020-03-02T00:30:00%2B01:00&to=2020-03-02T00:31:00+01:00",
            &both[1..],
        ),
        ("from=&to=", &both[..]),
    ] {
        for kind in [
            "",
            "&limit=5",
            "&status=EN_ATTENTE",
            "&status=EN_ATTENTE,LIVREE",
        ] {
            let query = format!("{query}{kind}");
            assert_eq!(ids(&service, &query).await, expected, "{query}");
        }
        let mine = format!("{query}&clientId={CLIENT}");
        assert_eq!(ids(&service, &mine).await, expected, "{mine}");
    }
}

#[actix_web::test]
async fn a_bad_value_of_a_filter_is_a_400_that_names_it() {
    let service = Service::start(true).await;
    for (query, field) in [
        ("status=PRETE,perdue", "status"),
        ("status=PRETE&status=perdue", "status"),
        ("clientId[]=42", "clientId"),
        ("from=hier", "from"),
        ("from=2026-02-30", "from"),
        ("to=2026-11-22T13:10:00", "to"),
        ("from=2026-11-23&to=2026-11-22", "to"),
        ("from=2026-11-22T13:10:00Z&to=2026-11-22T13:10:00Z", "to"),
    ] {
        let answer = service.get(&format!("/commandes?{query}")).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors.len(), 1, "{query}");
        assert_eq!(problem.errors[0].field, field, "{query}");
    }
}

async fn counted(service: &Service, query: &str, prefer: &str) -> Answer {
    let path = format!("/commandes{query}");
    let request = service.request(Method::GET, &path);
    request.header("Prefer", prefer).send().await
}

#[actix_web::test]
async fn a_client_that_prefers_an_exact_count_gets_it() {
    let service = Service::start(true).await;
    let _ = one_of_each(&service).await;
    for (query, total) in [
        ("", "5"),
        ("?limit=2", "5"),
        ("?limit=1&status=PRETE,LIVREE", "2"),
        ("?from=2020-01-01&to=2020-01-02", "0"),
    ] {
        let answer = counted(&service, query, "return=minimal, count=exact").await;
        let _ = answer.ok(200);
        assert_eq!(answer.header("x-total-count"), Some(total), "{query}");
        assert_eq!(answer.header("preference-applied"), Some("count=exact"));
    }
    let answer = counted(&service, "", "count=planned").await;
    assert_eq!(answer.header("x-total-count"), None);
    assert_eq!(answer.header("preference-applied"), None);
}

#[actix_web::test]
async fn a_parameter_that_resembles_a_filter_is_a_400_that_names_the_right_one() {
    let service = Service::start(true).await;
    for (list, given, meant) in [
        ("/commandes", "page", "cursor"),
        ("/commandes", "offset", "cursor"),
        ("/commandes", "statut", "status"),
        ("/commandes", "etat", "status"),
        ("/commandes", "stauts", "status"),
        ("/commandes", "Status", "status"),
        ("/commandes", "client_id", "clientId"),
        ("/commandes", "limit[]", "limit"),
        ("/commandes", "since", "from"),
        ("/menu", "category", "categorie"),
        ("/menu", "Categorie", "categorie"),
        ("/menu", "categories", "categorie"),
    ] {
        let answer = service.get(&format!("{list}?{given}=1")).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, given);
        assert!(problem.errors[0].detail.contains(meant), "{list} {given}");
    }
    for ignored in ["_=1", "t=1", "colour=red", "utm_source=mail", "lang=fr"] {
        for list in ["/commandes", "/menu"] {
            assert_eq!(service.get(&format!("{list}?{ignored}")).await.status, 200);
        }
    }
}
