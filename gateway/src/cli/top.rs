//! Shows every second what the running gateway and its upstreams do.
//!
//! The figures are differences of `/metrics`. The console's `/events` would do as well, but while
//! someone reads those, each request costs a note. On a terminal there is one table; elsewhere, a
//! line for each row.

mod keys;
mod reading;
mod sample;
mod screen;
mod view;

use std::io::{self, IsTerminal as _, Write};
use std::time::{Duration, Instant};

use service_kit::program::RunError;
use service_kit::serve::stop_or_reload_signal;
use shared_types::value::Timestamp;
use tokio::time::{MissedTickBehavior, interval};

use super::running::{NoAnswer, Running};
use crate::config::Config;
use keys::Keys;
use reading::Reading;
use screen::Screen;
use view::View;

const PERIOD: Duration = Duration::from_secs(1);

/// What is known at one moment.
struct Top {
    view: View,
    before: Reading,
    /// Since when there has been no answer, and why.
    lost: Option<(Instant, NoAnswer)>,
}

/// Shows `count` tables, or goes on until `q`, Ctrl-C or a signal.
///
/// # Errors
/// The gateway does not answer at first, or at the last of `count` times.
pub(super) fn run(config: &Config, count: Option<u32>) -> Result<(), RunError> {
    actix_web::rt::System::new().block_on(watch(&Running::of(config), count))
}

async fn watch(gateway: &Running, count: Option<u32>) -> Result<(), RunError> {
    let (stop, _) = stop_or_reload_signal()?;
    let mut stop = std::pin::pin!(stop);
    let first = read(gateway).await?;
    let mut top = Top {
        view: View::first(gateway.origin(), &first),
        before: first,
        lost: None,
    };
    // A terminal that takes no commands gets lines.
    let mut screen = is_terminal().then(|| Screen::open().ok()).flatten();
    let mut keys = screen.as_ref().map_or_else(Keys::none, |_| Keys::listen());
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first one comes at once.
    ticks.tick().await;
    let mut shown = 0;
    top.draw(screen.as_mut())?;
    while count.is_none_or(|count| shown < count) {
        let next = async {
            ticks.tick().await;
            read(gateway).await
        };
        tokio::select! {
            () = &mut stop => return Ok(()),
            key = keys.next() => match key {
                keys::Key::Quit => return Ok(()),
                keys::Key::Redraw => top.draw(screen.as_mut())?,
            },
            read = next => {
                top.take(read);
                shown += 1;
                match screen.as_mut() {
                    Some(screen) => top.draw(Some(screen))?,
                    None => top.write(&mut io::stdout().lock())?,
                }
            }
        }
    }
    match top.lost {
        Some((_, error)) => Err(error.into()),
        None => Ok(()),
    }
}

async fn read(gateway: &Running) -> Result<Reading, NoAnswer> {
    let text = gateway.get("/metrics").await?;
    Ok(Reading::of(&String::from_utf8_lossy(&text)))
}

fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

impl Top {
    fn take(&mut self, read: Result<Reading, NoAnswer>) {
        match read {
            Ok(now) => {
                self.view.update(Some(&self.before), &now);
                self.before = now;
                self.lost = None;
            }
            Err(error) => {
                let since = self
                    .lost
                    .take()
                    .map_or_else(Instant::now, |(since, _)| since);
                self.lost = Some((since, error));
            }
        }
    }

    fn draw(&self, screen: Option<&mut Screen>) -> io::Result<()> {
        let Some(screen) = screen else { return Ok(()) };
        let lost = self.lost.as_ref();
        let lost = lost.map(|(since, error)| (since.elapsed(), error));
        screen.draw(&self.view.lines(lost))
    }

    /// One line for each row.
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let now = Timestamp::now();
        match &self.lost {
            Some((_, error)) => writeln!(out, "{now} no answer: {error}")?,
            None => {
                for row in &self.view.rows {
                    writeln!(out, "{now} {}", row.pairs())?;
                }
            }
        }
        out.flush()
    }
}
