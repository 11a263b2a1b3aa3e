//! The route `/openapi.json` of a service.

use std::sync::{Arc, OnceLock};

use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::{HttpResponse, web};
use serde_json::Value;

use super::resource::resource;

/// Answers `/openapi.json` with what `document` returns. It is called once, at the first request:
/// few processes are asked for it.
pub fn document(config: &mut web::ServiceConfig, document: fn() -> Value) {
    let text: Arc<OnceLock<web::Bytes>> = Arc::default();
    let answer = move || {
        let text = text.get_or_init(|| document().to_string().into()).clone();
        async move {
            HttpResponse::Ok()
                .content_type(ContentType::json())
                .insert_header((CACHE_CONTROL, "no-cache"))
                .body(text)
        }
    };
    config.service(resource("/openapi.json", "GET").route(web::get().to(answer)));
}
