//! Tests of the page that shows the API and lets it be tried.

use crate::browser::Look;
use crate::console::{Console, DESK};

#[actix_web::test]
async fn the_api_can_be_read_and_tried_and_nobody_else_is_asked() {
    let console = Console::open(DESK).await;
    let url = format!("http://{}/docs", console.stack.addr());
    console.browser.page.goto(&url).await.unwrap();
    console.sees("#operations-Menu-getMenu").await;
    console
        .clicks("#operations-Menu-getMenu .opblock-summary-control")
        .await;
    console.sees("#operations-Menu-getMenu .execute").await;
    console.clicks("#operations-Menu-getMenu .execute").await;
    console
        .sees("#operations-Menu-getMenu .live-responses-table .response-col_description")
        .await;
    let answer = console
        .text("#operations-Menu-getMenu .live-responses-table")
        .await;
    assert!(answer.contains("Tarte aux pommes"), "{answer}");
    console.browser.picture("docs").await;
    console.was_well().await;
}

#[actix_web::test]
async fn the_page_has_the_readers_scheme() {
    for (is_dark, background) in [(false, "rgba(0, 0, 0, 0)"), (true, "rgb(28, 32, 34)")] {
        let console = Console::open(Look { is_dark, ..DESK }).await;
        let url = format!("http://{}/docs", console.stack.addr());
        console.browser.page.goto(&url).await.unwrap();
        console.sees("#operations-Menu-getMenu").await;
        let shown =
            "return getComputedStyle(document.querySelector('.swagger-ui')).backgroundColor";
        let shown = console
            .browser
            .page
            .execute(shown, Vec::new())
            .await
            .unwrap();
        assert_eq!(shown, background);
        console.was_well().await;
    }
}
