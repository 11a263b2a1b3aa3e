//! The README's three pictures: an order, an outage, and after it, in both languages.
//!
//! `WRITE_DOCS=1` puts them in `docs/pictures` too.

use std::fs;
use std::path::Path;

use crate::browser::Look;
use crate::console::{Console, DESK};

/// Ends below the journey.
const HEIGHT: u32 = 1140;

#[actix_web::test]
async fn an_order_is_delivered_then_stopped_by_an_outage_then_goes_on() {
    for (language, suffix) in [("en", ""), ("fr", ".fr")] {
        let console = Console::open(Look { language, ..DESK }).await;
        console.clicks("#journey-all").await;
        console.sees("#step-delivered[data-state=done]").await;
        console.takes(&format!("order{suffix}")).await;
        console.clicks("#drill-kitchen-down").await;
        console.sees("#feature-ordering[data-state=degraded]").await;
        console.clicks("#journey-all").await;
        console.sees("#step-kitchen[data-state=failed]").await;
        console.takes(&format!("outage{suffix}")).await;
        console.clicks("#drill-kitchen-end").await;
        console.sees("#feature-ordering[data-state=up]").await;
        for step in ["kitchen", "courier", "delivered"] {
            console.plays(step).await;
        }
        console.takes(&format!("recovery{suffix}")).await;
        console.was_well().await;
    }
}

impl Console {
    /// Takes a picture for the README.
    async fn takes(&self, name: &str) {
        self.asks("window.scrollTo(0, 0)").await;
        let picture = self.browser.photograph(name, DESK.width, HEIGHT).await;
        if std::env::var_os("WRITE_DOCS").is_some() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures");
            fs::write(folder.join(format!("{name}.webp")), picture).unwrap();
        }
    }
}
