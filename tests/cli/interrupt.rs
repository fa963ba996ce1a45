//! A signal ends a run: with its own exit code, and soon.

use std::io::ErrorKind;
use std::os::unix::net::UnixListener;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::environment::TestEnvironment;

/// Starts a build on a daemon that never answers, sends the signal, and returns how it ended.
fn interrupted_by(signal: Signal) -> (Option<i32>, String) {
    let environment = TestEnvironment::new();
    environment.write("docker-bake.hcl", "target \"default\" {}\n");
    environment.write("Dockerfile", "FROM scratch\n");
    let socket = environment.directory().join("engine.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("unix://{}", socket.display());
    let mut command = environment.command(&["bake", "--engine", &address]);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Once it has connected, it is waiting for an answer.
    let connection = loop {
        match listener.accept() {
            Ok(connection) => break connection,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
        std::thread::sleep(Duration::from_millis(10));
    };
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(connection);
    let outcome = environment.outcome(&output);
    (outcome.code, outcome.stderr)
}

#[test]
fn an_interrupt_cancels() {
    let (code, said) = interrupted_by(Signal::INT);
    assert_eq!(code, Some(130), "{said}");
    assert!(said.ends_with("cancelled\n"), "{said}");
}

#[test]
fn so_does_a_request_to_terminate() {
    assert_eq!(interrupted_by(Signal::TERM).0, Some(130));
}
