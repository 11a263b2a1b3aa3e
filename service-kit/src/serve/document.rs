//! The route `/openapi.json` of a service.

use std::sync::{Arc, OnceLock};

use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::resource::resource;
use crate::access::Access;

/// Answers `/openapi.json` with what `document` returns for the [`Access`] of the routes' data, or for
/// open access. It is called once, at the first request: few processes are asked for it.
pub fn document(config: &mut web::ServiceConfig, document: fn(Access) -> Value) {
    let text: Arc<OnceLock<web::Bytes>> = Arc::default();
    let answer = move |request: HttpRequest| {
        let access = request.app_data::<web::Data<Access>>();
        let access = access.map_or(Access::Open, |access| ***access);
        let text = text.get_or_init(|| document(access).to_string().into());
        let text = text.clone();
        async move {
            HttpResponse::Ok()
                .content_type(ContentType::json())
                .insert_header((CACHE_CONTROL, "no-cache"))
                .body(text)
        }
    };
    config.service(resource("/openapi.json", "GET").route(web::get().to(answer)));
}
