//! An order is placed, but its answer is lost between the service and the gateway. The guest is to
//! have one order, and to know it.

use actix_web::http::Method;
use service_kit::program::RunError;

use crate::Service;
use crate::exercises::attempt::Attempt;
use crate::exercises::lossy_proxy::LossyProxy;
use crate::exercises::restaurant::{Restaurant, answer, order};
use crate::exercises::{Exercise, Faults, Task};

pub(in crate::exercises) const EXERCISE: Exercise = Exercise {
    number: 10,
    title: "Lose an answer, and place one order",
    goal: "Have the gateway repeat an order whose answer was lost, so that it is placed once.",
    task: Task::Edit {
        original: include_str!("../../../exercises/lost_answer.toml"),
        may_promise_less: false,
        judge: |attempt| Box::pin(judge(attempt)),
    },
};

const ORDERS: &str = "/order-api/commandes";

/// The gateway repeats at most one request in five.
const REQUESTS_FOR_A_RETRY: usize = 5;

async fn judge(attempt: Attempt) -> Result<Faults, RunError> {
    let service = Restaurant::open(&Service::ALL, &[]).await?;
    let addr = service.stack.service_addr(Service::Orders);
    let proxy = LossyProxy::start(addr.ok_or("no order service")?).await?;
    let url = ("ORDERS_URL", format!("http://{}", proxy.addr));
    let gateway = attempt.open(&[], &[url]).await?;
    let faults = faults(&service, &proxy, &gateway).await;
    gateway.close().await;
    service.close().await;
    faults
}

async fn faults(
    service: &Restaurant,
    proxy: &LossyProxy,
    gateway: &Restaurant,
) -> Result<Faults, RunError> {
    let before = placed(service).await?;
    // They pay for the retry.
    for _ in 0..REQUESTS_FOR_A_RETRY {
        if let Some(fault) = gateway.fault_of(ORDERS).await? {
            return Ok(vec![fault]);
        }
    }
    let request = gateway.request(Method::POST, ORDERS).insert_header((
        "Idempotency-Key",
        format!("{:032x}", rand::random::<u128>()),
    ));
    let answered = answer(request, Some(&order())).await?;
    let mut faults = Faults::new();
    if !answered.is(201) {
        faults.push(format!(
            "the guest gets {} although the order was placed",
            answered.status
        ));
    }
    if proxy.posts() < 2 {
        faults.push("the gateway does not send the order again".to_owned());
    }
    let now = placed(service).await? - before;
    if now != 1 {
        faults.push(format!(
            "the restaurant has {now} new orders instead of one"
        ));
    }
    Ok(faults)
}

/// How many orders there are.
async fn placed(service: &Restaurant) -> Result<usize, RunError> {
    let orders = service.get(ORDERS).await?.json()?;
    Ok(orders.as_array().map_or(0, Vec::len))
}
