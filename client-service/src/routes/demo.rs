//! The older demo login. It is simulated: it has no account, and its token is good for nothing.

use actix_web::HttpResponse;
use service_kit::failure::Failure;
use service_kit::input::Json;
use shared_types::demo::{DemoLogin, DemoRole, DemoToken};

use crate::failure::Error;

const USERS: &[(&str, DemoRole)] = &[
    ("client", DemoRole::Client),
    ("chef", DemoRole::Chef),
    ("livreur", DemoRole::Courier),
];

const PASSWORD: &str = "123";

pub(super) async fn login(Json(login): Json<DemoLogin>) -> Result<HttpResponse, Failure> {
    let known = USERS
        .iter()
        .find(|(name, _)| *name == login.username.as_str());
    let (_, role) = known
        .filter(|_| login.password.as_str() == PASSWORD)
        .ok_or(Error::InvalidCredentials)?;
    let token = format!("demo-{}", uuid::Uuid::new_v4());
    Ok(HttpResponse::Ok().json(DemoToken { token, role: *role }))
}
