//! Tests of listing orders, whole and filtered.

use serde_json::{Value, json};

use super::{CLIENT, Service, each, new_order};

const OTHER: &str = "0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4dff";

async fn order_of_other(service: &Service) -> Value {
    let mut new = new_order();
    new["clientId"] = json!(OTHER);
    service.post("/commandes", new).await.ok(201)
}

#[actix_web::test]
async fn without_parameters_the_whole_list_comes_newest_first() {
    let service = Service::start(true).await;
    assert_eq!(service.get("/commandes").await.ok(200), json!([]));
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(service.order().await);
    }
    made.reverse();
    let answer = service.get("/commandes").await;
    assert_eq!(answer.ok(200), Value::from(made));
    assert_eq!(answer.header("link"), None);
    assert_eq!(answer.header("x-next-cursor"), None);
}

#[actix_web::test]
async fn a_list_is_filtered_by_client_and_status() {
    let service = Service::start(true).await;
    let mine = service.order().await;
    let others = order_of_other(&service).await;
    let ready = service.change(&others, "PRETE").await.ok(200);

    let ids = async |query: &str| {
        let list = service.get(&format!("/commandes?{query}")).await.ok(200);
        each(&list, "id")
    };
    assert_eq!(
        ids(&format!("clientId={CLIENT}")).await,
        [mine["id"].clone()]
    );
    assert_eq!(
        ids(&format!("clientId={OTHER}")).await,
        [ready["id"].clone()]
    );
    for spelling in ["PRETE", "pr%C3%AAte", "Prete"] {
        let status = format!("status={spelling}");
        assert_eq!(ids(&status).await, [ready["id"].clone()], "{spelling}");
    }
    let both = format!("clientId={CLIENT}&status=PRETE");
    assert_eq!(ids(&both).await, [] as [Value; 0]);
    let both = format!("clientId={OTHER}&status=PRETE");
    assert_eq!(ids(&both).await, [ready["id"].clone()]);
}

#[actix_web::test]
async fn an_empty_parameter_counts_as_absent_and_an_unknown_one_is_ignored() {
    let service = Service::start(true).await;
    let order = service.order().await;
    let list = service.get("/commandes?clientId=&status=&limit=&cursor=&colour=red");
    assert_eq!(list.await.ok(200), json!([order]));
}

#[actix_web::test]
async fn a_bad_parameter_is_a_400_that_names_it() {
    let service = Service::start(true).await;
    for (query, field) in [
        ("clientId=42", "clientId"),
        ("status=perdue", "status"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("cursor=abc", "cursor"),
        ("cursor=0192f0c4-0a11-7000-8000-00000000ffff", "cursor"),
    ] {
        let answer = service.get(&format!("/commandes?{query}")).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors.len(), 1, "{query}");
        assert_eq!(problem.errors[0].field, field, "{query}");
    }
}
