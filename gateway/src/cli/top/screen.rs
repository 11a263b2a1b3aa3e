//! The terminal while a table is on it.

use std::io::{self, Stdout, Write as _};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::style::{Attribute, Color, Print, ResetColor, SetAttribute, SetForegroundColor};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use crossterm::{execute, queue};

use super::view::{Line, Tone};

/// Gives the terminal back when it is dropped.
pub(super) struct Screen(Stdout);

impl Screen {
    /// # Errors
    /// The terminal takes no commands.
    pub(super) fn open() -> io::Result<Self> {
        enable_raw_mode()?;
        let mut screen = Self(io::stdout());
        execute!(screen.0, EnterAlternateScreen, Hide)?;
        Ok(screen)
    }

    /// Draws over the last picture, so that nothing flickers. What does not fit is cut off.
    pub(super) fn draw(&mut self, lines: &[Line]) -> io::Result<()> {
        let (wide, high) = match size()? {
            // A serial line does not know it.
            (0, _) | (_, 0) => (80, 24),
            known => known,
        };
        let out = &mut self.0;
        for (row, line) in (0..high).zip(lines) {
            queue!(out, MoveTo(0, row))?;
            match line.tone {
                Tone::Plain => {}
                Tone::Bold => queue!(out, SetAttribute(Attribute::Bold))?,
                Tone::Alarm => queue!(out, SetForegroundColor(Color::Red))?,
            }
            let text: String = line.text.chars().take(wide.into()).collect();
            queue!(
                out,
                Print(text),
                SetAttribute(Attribute::Reset),
                ResetColor,
                Clear(ClearType::UntilNewLine)
            )?;
        }
        let rest = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        if rest < high {
            queue!(out, MoveTo(0, rest), Clear(ClearType::FromCursorDown))?;
        }
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // If the terminal is gone, there is nothing to give back.
        let _ = execute!(self.0, Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}
