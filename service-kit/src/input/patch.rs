//! A change of something that has a merge patch and a form.
//!
//! The media type tells which one it is: in `application/merge-patch+json`, `null` removes a value
//! (RFC 7396); in any other JSON, it leaves the value as it is.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use shared_types::field::MergePatch;

use super::{json_body, media_type};
use crate::failure::Failure;

const MERGE_PATCH: &str = "application/merge-patch+json";

/// A JSON body that changes something.
pub struct Patch<T>(pub T);

impl<T: MergePatch + 'static> FromRequest for Patch<T> {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_merge_patch = media_type(request).is_some_and(|media| media == MERGE_PATCH);
        let body = json_body(request, payload);
        Box::pin(async move {
            let body = body.await?;
            let patch = if is_merge_patch {
                body.parse()
            } else {
                body.parse::<T::Form>().map(T::from)
            };
            patch.map(Self)
        })
    }
}
