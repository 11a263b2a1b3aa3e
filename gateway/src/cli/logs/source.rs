//! The inputs, line by line and as often as needed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write as _};
use std::path::PathBuf;

use memchr::memmem;
use tempfile::spooled_tempfile;

/// A line that is longer is none of these programs', and is left out.
const LONGEST_LINE: u64 = 1 << 20;

/// How much of a pipe is held in memory before it goes to a file. The logs of an evening fit, and a
/// container may have no place for files.
const IN_MEMORY: usize = 64 << 20;

trait Rereadable: Read + Seek {}

impl<T: Read + Seek> Rereadable for T {}

/// An input that can be read again from its beginning.
pub(super) struct Source {
    name: String,
    file: Box<dyn Rereadable>,
    /// The lines that were left out when the file was written; 0 for a file of somebody else's.
    dropped: u64,
}

/// How many lines there are, and how many of them may be a program's with an id.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) lines: u64,
    pub(super) json: u64,
}

impl Seen {
    pub(super) fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.json += other.json;
    }
}

impl Source {
    /// These files, or `input` if there are none.
    pub(super) fn open(files: &[PathBuf], input: &mut impl BufRead) -> Result<Vec<Self>, String> {
        if files.is_empty() {
            let spooled = Self::spooled(String::new(), input);
            return Ok(vec![
                spooled.map_err(|error| format!("standard input: {error}"))?,
            ]);
        }
        let open = |path: &PathBuf| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let file = File::open(path).and_then(|file| Self::of(name.into_owned(), file));
            file.map_err(|error| format!("{}: {error}", path.display()))
        };
        files.iter().map(open).collect()
    }

    fn of(name: String, file: File) -> io::Result<Self> {
        if !file.metadata()?.is_file() {
            // A pipe, such as `<(kubectl logs …)`.
            return Self::spooled(name, &mut BufReader::new(file));
        }
        Ok(Self {
            name,
            file: Box::new(file),
            dropped: 0,
        })
    }

    /// Copies the lines with an id. A file that they go to has no name, and disappears with this
    /// process.
    fn spooled(name: String, input: &mut impl BufRead) -> io::Result<Self> {
        let mut file = BufWriter::new(spooled_tempfile(IN_MEMORY));
        let mut dropped = 0;
        each_line(input, |line| {
            if !has_id(line) {
                dropped += 1;
                return Ok(());
            }
            file.write_all(line)?;
            file.write_all(b"\n")
        })?;
        Ok(Self {
            name,
            file: Box::new(file.into_inner().map_err(|error| error.into_error())?),
            dropped,
        })
    }

    /// Calls `take` with each line that may have an id, and the name of the file.
    pub(super) fn each(&mut self, mut take: impl FnMut(&[u8], &str)) -> io::Result<Seen> {
        self.file.rewind()?;
        let mut seen = Seen {
            lines: self.dropped,
            json: 0,
        };
        each_line(
            &mut BufReader::with_capacity(1 << 16, &mut self.file),
            |line| {
                seen.lines += 1;
                if has_id(line) {
                    seen.json += 1;
                    take(line, &self.name);
                }
                Ok(())
            },
        )?;
        Ok(seen)
    }
}

fn has_id(line: &[u8]) -> bool {
    let has = |key: &str| memmem::find(line, key.as_bytes()).is_some();
    has("\"request_id\"") || has("\"trace_id\"")
}

/// Calls `take` with each line, without its end.
fn each_line(
    input: &mut impl BufRead,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        if line.last() == Some(&b'\n') {
            line.pop();
            take(&line)?;
        } else if u64::try_from(read).unwrap_or(u64::MAX) < LONGEST_LINE {
            // The last line, without an end.
            take(&line)?;
        } else {
            input.skip_until(b'\n')?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::{LONGEST_LINE, each_line};

    #[test]
    fn a_line_too_long_is_left_out_and_the_next_one_is_whole() {
        let long = "x".repeat(usize::try_from(LONGEST_LINE).unwrap() * 2 + 7);
        let text = format!("one\n{long}\n\ntwo");
        let mut lines = Vec::new();
        each_line(&mut BufReader::new(text.as_bytes()), |line| {
            lines.push(String::from_utf8(line.to_vec()).unwrap());
            Ok(())
        })
        .unwrap();
        assert_eq!(lines, ["one", "", "two"]);
    }
}
