//! Tests of a list that is longer than the service holds in memory at once.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;
use service_kit::testing::Answer;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use super::{Service, each};

/// Fills the database with `ended` orders that are delivered or cancelled, and `open` older ones.
async fn fill(service: &Service, ended: usize, open: usize) {
    let mut database = AnyConnection::connect(&service.database.url())
        .await
        .unwrap();
    let mut orders = Vec::new();
    for number in 0..ended + open {
        let status = match number {
            number if number < open => "EN_PREPARATION",
            number if number % 3 == 0 => "ANNULEE",
            _ => "LIVREE",
        };
        orders.push((id(number), status, number));
    }
    for portion in orders.chunks(500) {
        let order = |(id, status, at): &(String, &str, usize)| {
            format!("('{id}', '{id}', '{status}', 100, {at}, {at})")
        };
        let rows: Vec<_> = portion.iter().map(order).collect();
        let sql = format!(
            "INSERT INTO orders (id, client_id, status, total_cents, created_at, updated_at) VALUES {}",
            rows.join(", ")
        );
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut database)
            .await
            .unwrap();
        let line =
            |(id, ..): &(String, &str, usize)| format!("('{id}', 0, '{id}', 'Tarte', 1, 100)");
        let rows: Vec<_> = portion.iter().map(line).collect();
        let sql = format!(
            "INSERT INTO order_lines (order_id, position, dish_id, name, quantity, unit_price_cents) VALUES {}",
            rows.join(", ")
        );
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut database)
            .await
            .unwrap();
    }
}

fn id(number: usize) -> String {
    format!("0192f0c4-0a11-7000-8000-{number:012x}")
}

fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let query = link.strip_prefix("<?").unwrap();
    Some(query.strip_suffix(">; rel=\"next\"").unwrap().to_owned())
}

fn ids(list: &Value) -> Vec<String> {
    let ids = each(list, "id").into_iter();
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn numbers(numbers: impl DoubleEndedIterator<Item = usize>) -> Vec<String> {
    numbers.rev().map(id).collect()
}

#[actix_web::test]
async fn without_a_limit_come_all_open_orders_and_the_newest_thousand_that_have_ended() {
    let service = Service::start(true).await;
    fill(&service, 2300, 250).await;
    let answer = service.get("/commandes").await;
    let expected = [numbers(1550..2550), numbers(0..250)].concat();
    assert_eq!(ids(&answer.ok(200)), expected);
    let cursor = answer.header("x-next-cursor").unwrap().to_owned();
    assert!(cursor.starts_with(&id(1550)), "{cursor}");

    // An order that ends now has been shown already.
    let shown = serde_json::json!({"id": id(7)});
    for status in ["PRETE", "LIVREE"] {
        let _ = service.change(&shown, status).await.ok(200);
    }
    let second = service
        .get(&format!("/commandes?{}", next(&answer).unwrap()))
        .await;
    assert_eq!(ids(&second.ok(200)), numbers(550..1550));
    let third = service
        .get(&format!("/commandes?{}", next(&second).unwrap()))
        .await;
    assert_eq!(ids(&third.ok(200)), numbers(250..550));
    assert_eq!(next(&third), None);

    // The same cursor in pages of the client's own size.
    let (mut rest, mut query) = (Vec::new(), Some(format!("limit=200&cursor={cursor}")));
    while let Some(asked) = query {
        let page = service.get(&format!("/commandes?{asked}")).await;
        rest.extend(ids(&page.ok(200)));
        query = next(&page);
    }
    assert_eq!(rest, numbers(250..1550));
}

#[actix_web::test]
async fn a_final_status_lists_the_newest_thousand_and_an_open_one_all() {
    let service = Service::start(true).await;
    fill(&service, 1600, 1200).await;
    let open = service.get("/commandes?status=EN_PREPARATION").await;
    assert_eq!(ids(&open.ok(200)), numbers(0..1200));
    assert_eq!(next(&open), None);
    let first = service.get("/commandes?status=LIVREE").await;
    let second = service
        .get(&format!("/commandes?{}", next(&first).unwrap()))
        .await;
    assert_eq!(next(&second), None);
    let shown = [ids(&first.ok(200)), ids(&second.ok(200))];
    assert_eq!(shown[0].len(), 1000);
    let all: BTreeSet<_> = shown.concat().into_iter().collect();
    let delivered = (1200..2800).filter(|number| number % 3 != 0).map(id);
    assert_eq!(all, delivered.collect());
}

#[actix_web::test]
async fn a_failure_amid_a_list_breaks_the_body_off() {
    let service = Service::start(true).await;
    fill(&service, 100, 400).await;
    service
        .alter("UPDATE orders SET status = 'PERDUE' WHERE created_at = 3")
        .await;
    let addr = service.addr;
    // awc would take a part for the whole.
    let answer = actix_web::web::block(move || {
        let mut stream = TcpStream::connect(addr).unwrap();
        let request = b"GET /commandes HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n";
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        stream
            .read_to_end(&mut answer)
            .map(|_| String::from_utf8(answer).unwrap())
    });
    let answer = answer.await.unwrap().unwrap();
    // The first read succeeded, so the head was sent.
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("transfer-encoding: chunked\r\n"),
        "{answer}"
    );
    assert!(answer.contains(&id(499)) && !answer.contains(&id(2)));
    assert!(
        !answer.ends_with("\r\n0\r\n\r\n"),
        "a part passes for the whole"
    );
}
