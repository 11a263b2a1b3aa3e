//! The keys that are pressed.

use std::future::pending;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub(super) enum Key {
    Quit,
    /// The terminal has another size.
    Redraw,
}

/// `None` if there is nobody to press any.
pub(super) struct Keys(Option<UnboundedReceiver<Key>>);

impl Keys {
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Reads them on a thread of its own, which ends with the process: a blocking read cannot be
    /// called off.
    pub(super) fn listen() -> Self {
        let (sender, keys) = unbounded_channel();
        std::thread::spawn(move || {
            while let Ok(event) = event::read() {
                if key(&event).is_some_and(|key| sender.send(key).is_err()) {
                    return;
                }
            }
        });
        Self(Some(keys))
    }

    /// The next one. Waits for ever if there can be none.
    pub(super) async fn next(&mut self) -> Key {
        let next = match &mut self.0 {
            Some(keys) => keys.recv().await,
            None => None,
        };
        match next {
            Some(key) => key,
            None => pending().await,
        }
    }
}

/// In raw mode Ctrl-C is a key and sends no signal.
fn key(event: &Event) -> Option<Key> {
    match event {
        Event::Resize(..) => Some(Key::Redraw),
        Event::Key(key) if key.kind == KeyEventKind::Press && quits(key) => Some(Key::Quit),
        _ => None,
    }
}

fn quits(key: &KeyEvent) -> bool {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => true,
        KeyCode::Char('c') => is_control,
        _ => false,
    }
}
