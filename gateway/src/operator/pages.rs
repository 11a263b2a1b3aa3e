//! The gateway's own pages.

mod problems;

use std::future::ready;
use std::sync::{Arc, OnceLock};

use actix_web::HttpResponse;
use futures_util::future::LocalBoxFuture;
use service_kit::health;
use shared_types::gateway::Welcome;

use crate::answer::destination::{Asked, OwnAnswer};
use crate::answer::features::{self, RunningFeatures};
use crate::config::Config;
use crate::http::protection::protect;
use crate::operator::file::OwnFile;
use crate::operator::{docs, openapi};
use crate::routing::route::Page;

/// Prepares the pages that are made only once, so that no request waits for them.
pub(crate) fn prepare() {
    problems::prepare();
}

/// What the pages show.
pub(crate) struct Pages {
    config: Arc<Config>,
    features: RunningFeatures,
    /// The OpenAPI document. It is made when it is first asked for: few ask, and it takes more
    /// memory than everything else here.
    openapi: OnceLock<OwnFile>,
}

/// One page.
pub(crate) struct OwnPage {
    page: Page,
    pages: Arc<Pages>,
}

impl Pages {
    pub(crate) fn new(config: Arc<Config>, features: RunningFeatures) -> Self {
        Self {
            config,
            features,
            openapi: OnceLock::new(),
        }
    }

    fn openapi(&self) -> &OwnFile {
        let document = || {
            let document = openapi::document(&self.config).to_string();
            OwnFile::made("application/json", document)
        };
        self.openapi.get_or_init(document)
    }
}

impl OwnPage {
    pub(crate) fn new(page: Page, pages: Arc<Pages>) -> Self {
        Self { page, pages }
    }

    fn show(&self, asked: &Asked<'_>) -> Option<HttpResponse> {
        let Asked {
            worker,
            request,
            parameters,
            ..
        } = asked;
        let mut response = match self.page {
            Page::Welcome => HttpResponse::Ok().json(Welcome::default()),
            Page::Status => {
                let status = features::status(&self.pages.features, &worker.site.cache);
                HttpResponse::Ok().json(status)
            }
            Page::Live => health::live_answer(),
            // Ready means that the gateway itself can serve. Even with every upstream down, it gives
            // clear answers.
            Page::Ready => health::ready_answer(!worker.draining.is_on()),
            Page::Problem => return problems::answer(request, parameters.get("code")?),
            Page::OpenApi => return Some(self.pages.openapi().answer(request, [])),
            Page::Docs => return Some(docs::page(request)),
            Page::DocsFile => return docs::file(request, parameters.get("file")?),
        };
        protect(response.headers_mut());
        Some(response)
    }
}

impl OwnAnswer for OwnPage {
    fn answer<'a>(&'a self, asked: Asked<'a>) -> LocalBoxFuture<'a, Option<HttpResponse>> {
        Box::pin(ready(self.show(&asked)))
    }
}
