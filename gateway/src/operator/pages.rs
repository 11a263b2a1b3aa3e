//! The gateway's own pages.

mod demo;
mod problems;

use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::HttpResponse;
use futures_util::future::LocalBoxFuture;
use service_kit::health;
use shared_types::gateway::Welcome;

use crate::answer::destination::{Asked, OwnAnswer};
use crate::answer::features::{self, RunningFeatures};
use crate::config::Config;
use crate::http::protection::protect;
use crate::operator::file::OwnFile;
use crate::operator::openapi::documents::Documents;
use crate::operator::{docs, openapi};
use crate::routing::route::Page;
pub(in crate::operator) use problems::{STYLE, style_hash};

/// Prepares the pages that are made only once, so that no request waits for them.
pub(crate) fn prepare() {
    problems::prepare();
}

/// What the pages show.
pub(crate) struct Pages {
    config: Arc<Config>,
    features: RunningFeatures,
    /// The upstreams' own OpenAPI documents.
    documents: Arc<Documents>,
    /// The OpenAPI document, with the version of the upstreams' documents that it was made of. It is
    /// made when it is first asked for: few ask, and it takes more memory than everything else here.
    openapi: Mutex<Option<(u64, Arc<OwnFile>)>>,
}

/// One page.
pub(crate) struct OwnPage {
    page: Page,
    pages: Arc<Pages>,
}

impl Pages {
    pub(crate) fn new(
        config: Arc<Config>,
        features: RunningFeatures,
        documents: Arc<Documents>,
    ) -> Self {
        Self {
            config,
            features,
            documents,
            openapi: Mutex::default(),
        }
    }

    fn openapi(&self) -> Arc<OwnFile> {
        let version = self.documents.version();
        // Nothing panics while the lock is held.
        let mut made = self.openapi.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some((known, file)) if *known == version => Arc::clone(file),
            _ => {
                let documents = self.documents.of(&self.config);
                let document = openapi::document(&self.config, &documents);
                let file = OwnFile::made("application/json", document.to_string());
                let file = Arc::new(file);
                *made = Some((version, Arc::clone(&file)));
                file
            }
        }
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
                let status = features::status(
                    &self.pages.features,
                    &worker.site.cache,
                    &worker.site.closures,
                );
                HttpResponse::Ok().json(status)
            }
            Page::Live => health::live_answer(),
            // Ready means that the gateway itself can serve. Even with every upstream down, it gives
            // clear answers.
            Page::Ready => health::ready_answer(!worker.draining.is_announced()),
            Page::Problems => return problems::list(request),
            Page::Problem => return problems::answer(request, parameters.get("code")?),
            Page::OpenApi => return Some(self.pages.openapi().answer(request, [])),
            Page::Docs => return Some(docs::page(request)),
            Page::DocsFile => return docs::file(request, parameters.get("file")?),
            Page::Demo => return Some(demo::page(request)),
            Page::DemoFile => return demo::file(request, parameters.get("file")?),
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
