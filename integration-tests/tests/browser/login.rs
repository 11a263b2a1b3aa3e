//! Tests of the console behind a token.

use fantoccini::Locator::Css;
use service_kit::env::Env;

use crate::browser::Browser;
use crate::console::{Console, DESK};

const TOKEN: &str = "a-token-of-the-operator-that-nobody-guesses";

/// Keeps the streams of the page.
const STREAMS: &str = "window.streams = [];\
    window.EventSource = class extends EventSource {\
        constructor(url) { super(url); window.streams.push(this); }\
    }";

/// What a browser does with a stream that is refused when it is asked for again.
const REFUSED: &str = "const [stream] = window.streams;\
    stream.close();\
    stream.dispatchEvent(new Event('error'));";

#[actix_web::test]
async fn the_console_asks_for_its_token_and_again_once_the_session_is_over() {
    let browser = Browser::open(DESK).await;
    browser.before_each_page(STREAMS).await;
    let env = Env::of_pairs([("GATEWAY_WORKERS", "1"), ("GATEWAY_ADMIN_TOKEN", TOKEN)]);
    let console = Console::with(browser, env).await;
    console.visit().await;
    console.sees("#token").await;
    let field = console.browser.page.find(Css("#token")).await.unwrap();
    field.send_keys(TOKEN).await.unwrap();
    console.clicks("form button").await;
    console.sees("#overall[data-state=up]").await;
    console.plays("login").await;
    console.browser.page.delete_all_cookies().await.unwrap();
    let _ = console.asks(REFUSED).await;
    console.sees("#token").await;
}
