//! A terminal with a person at it: the binary asks, and gets an answer.
//!
//! Standard input and error are the terminal. Standard output is a pipe, so that an answer can be told from talk.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::launchway::Outcome;

/// How long the binary may take until it asks.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs a command on a new terminal. When what it shows ends with `question`, `keys` are typed: with a line end, or
/// `\x04` for the end of the input. What it showed is in the outcome's `stderr`, keys with it.
///
/// # Panics
/// It ends, or goes on for a minute, without that question.
#[track_caller]
pub(crate) fn asked(command: Command, question: &str, keys: &str) -> Outcome {
    run(command, Some((question, keys)))
}

/// Runs a command on a new terminal at which nobody sits.
#[track_caller]
pub(crate) fn unasked(command: Command) -> Outcome {
    run(command, None)
}

#[track_caller]
fn run(mut command: Command, answer: Option<(&str, &str)>) -> Outcome {
    let (mut person, terminal) = open();
    command
        .stdin(Stdio::from(terminal.try_clone().unwrap()))
        .stderr(Stdio::from(terminal))
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Ours of the command's end would keep the terminal open.
    drop(command);
    let mut answers = child.stdout.take().unwrap();
    let stdout = std::thread::spawn(move || {
        let mut text = String::new();
        answers.read_to_string(&mut text).map(|_| text)
    });
    let (tell, told) = mpsc::channel();
    let mut screen = person.try_clone().unwrap();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        // Where nobody has the other end open any more, Linux tells an error.
        while let Ok(count @ 1..) = screen.read(&mut bytes) {
            let _ = tell.send(bytes[..count].to_vec());
        }
    });
    let mut shown = Vec::new();
    if let Some((question, keys)) = answer {
        while !String::from_utf8_lossy(&shown)
            .trim_end()
            .ends_with(question)
        {
            let Ok(bytes) = told.recv_timeout(PATIENCE) else {
                let _ = child.kill();
                let _ = child.wait();
                panic!("`{question}` was not asked:\n{}", text(&shown));
            };
            shown.extend(bytes);
        }
        person.write_all(keys.as_bytes()).unwrap();
    }
    let status = child.wait().unwrap();
    shown.extend(told.into_iter().flatten());
    Outcome {
        code: status.code(),
        stdout: stdout.join().unwrap().unwrap(),
        stderr: text(&shown),
    }
}

/// Both ends of a terminal: the person's, and the program's.
fn open() -> (File, OwnedFd) {
    // Neither is to control this process, nor to be open in the processes of other tests.
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let person = openpt(flags).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let name = ptsname(&person, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(name, flags, Mode::empty()).unwrap();
    (person.into(), terminal)
}

/// What a terminal shows, with the line ends that the program wrote.
fn text(shown: &[u8]) -> String {
    String::from_utf8_lossy(shown).replace("\r\n", "\n")
}
