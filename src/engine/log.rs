//! The local daemon's log: its last lines, and what is added to it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::error::EngineError;
use super::request::Request;

/// What is read at most to find the last lines.
const WINDOW: u64 = 1024 * 1024;

/// Where the local daemon of a state directory writes its log.
pub fn path(request: &Request) -> PathBuf {
    request.state_directory.join("buildkitd.log")
}

/// A log that is being read.
#[derive(Debug)]
pub struct LogReader {
    path: PathBuf,
    /// How far it was read.
    position: u64,
}

impl LogReader {
    /// Opens a log and gives its last lines; an absent one is empty.
    pub fn open(path: &Path, lines: usize) -> Result<(Self, Vec<String>), EngineError> {
        let mut reader = Self {
            path: path.to_owned(),
            position: 0,
        };
        let length = reader.length()?;
        reader.position = length.saturating_sub(WINDOW);
        let begins_inside_a_line = reader.position > 0;
        let text = reader.read_new()?;
        let mut last: VecDeque<&str> = VecDeque::new();
        for line in text.lines().skip(usize::from(begins_inside_a_line)) {
            last.push_back(line);
            if last.len() > lines {
                last.pop_front();
            }
        }
        let last = last.into_iter().map(str::to_owned).collect();
        Ok((reader, last))
    }

    /// Everything that was added since the last call; empty for nothing. A log that became shorter
    /// is a new one and is read from its start.
    pub fn read_new(&mut self) -> Result<String, EngineError> {
        let failed = |source| EngineError::State {
            action: "read",
            path: self.path.clone(),
            source,
        };
        let length = self.length()?;
        if length < self.position {
            self.position = 0;
        }
        if length == self.position {
            return Ok(String::new());
        }
        let mut file = File::open(&self.path).map_err(failed)?;
        file.seek(SeekFrom::Start(self.position)).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(length - self.position)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        self.position = length;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn length(&self) -> Result<u64, EngineError> {
        match std::fs::metadata(&self.path) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(source) => Err(EngineError::State {
                action: "read",
                path: self.path.clone(),
                source,
            }),
        }
    }
}

/// The last lines that say something: Go's stack traces are left out. Such a frame is a line with
/// the function and one, indented by a tab, with the file.
pub(super) fn last_words(text: &str, count: usize) -> Vec<String> {
    let mut words: VecDeque<String> = VecDeque::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let frame = is_place(line) || lines.peek().is_some_and(|next| is_place(next));
        if frame || line.trim().is_empty() {
            continue;
        }
        words.push_back(line.trim_end().to_owned());
        if words.len() > count {
            words.pop_front();
        }
    }
    words.into()
}

/// The second line of a frame: `\t` file `:` line.
fn is_place(line: &str) -> bool {
    line.strip_prefix('\t')
        .and_then(|place| place.rsplit_once(':'))
        .is_some_and(|(_, number)| number.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn gives_the_last_lines_and_then_what_is_new() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let (mut reader, lines) = LogReader::open(&path, 2).unwrap();
        assert!(lines.is_empty());
        assert_eq!(reader.read_new().unwrap(), "");

        fs::write(&path, "one\ntwo\nthree\n").unwrap();
        assert_eq!(reader.read_new().unwrap(), "one\ntwo\nthree\n");
        let (mut reader, lines) = LogReader::open(&path, 2).unwrap();
        assert_eq!(lines, ["two", "three"]);

        fs::write(&path, "new\n").unwrap();
        assert_eq!(reader.read_new().unwrap(), "new\n");
        assert_eq!(reader.read_new().unwrap(), "");
    }

    #[test]
    fn reads_only_the_end_of_a_long_log() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let line = "0123456789abcde\n";
        let count = usize::try_from(WINDOW).unwrap() / line.len() + 10;
        fs::write(&path, format!("x{}", line.repeat(count))).unwrap();
        let (_, lines) = LogReader::open(&path, usize::MAX).unwrap();
        assert!(lines.len() < count);
        assert!(lines.iter().all(|got| got.len() == line.len() - 1));
    }

    #[test]
    fn leaves_stack_traces_out() {
        let text = "level=info msg=\"starting\"\nbuildkitd: toml: array is incomplete\n\
                    failed to parse config\n\
                    github.com/moby/buildkit/cmd/buildkitd/config.Load\n\
                    \tgithub.com/moby/buildkit@v0.33.1/cmd/buildkitd/config/load.go:15\n\
                    runtime.goexit\n\truntime/asm_amd64.s:1771\n";
        let words = last_words(text, 10);
        assert_eq!(
            words,
            [
                "level=info msg=\"starting\"",
                "buildkitd: toml: array is incomplete",
                "failed to parse config",
            ]
        );
        assert_eq!(last_words(text, 1).len(), 1);
    }
}
