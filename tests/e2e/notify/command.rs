//! Commands of the user's own.

use std::time::Duration;

use launchway::config::{Channel, NotifySettings};
use launchway::notify::SendError;

use super::{block, deliver, sender};

fn shell(script: &str) -> NotifySettings {
    block(Channel::Command {
        command: ["sh", "-c", script].map(str::to_owned).to_vec(),
    })
}

fn path() -> String {
    std::env::var("PATH").unwrap()
}

#[tokio::test]
async fn a_command_gets_the_document_and_variables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("told");
    let script = format!(
        "cat > {0}.json; echo \"$LAUNCHWAY_EVENT $LAUNCHWAY_STATUS $LAUNCHWAY_PROJECT $OWN\" > {0}.txt",
        file.display()
    );
    let (sender, _) = sender("http://127.0.0.1:1", &[("PATH", &path()), ("OWN", "mine")]);
    deliver(&sender, &shell(&script)).await.unwrap();
    let read = |ending: &str| std::fs::read_to_string(file.with_extension(ending)).unwrap();
    assert_eq!(read("txt"), "success ok acme/shop mine\n");
    let document: serde_json::Value = serde_json::from_str(&read("json")).unwrap();
    assert_eq!(document["schema"], "launchway.notification/v1");
    assert_eq!(document["title"], "acme/shop: released");
}

#[tokio::test]
async fn failures_show_the_last_line() {
    let (sender, _) = sender("http://127.0.0.1:1", &[("PATH", &path())]);
    let error = deliver(&sender, &shell("echo one >&2; echo two >&2; exit 3"))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "sh failed (exit status: 3): two");
    // One that does not read, and ends well.
    deliver(&sender, &shell("exec <&-; exit 0")).await.unwrap();
    let missing = block(Channel::Command {
        command: vec!["./no-such-program".to_owned()],
    });
    let error = deliver(&sender, &missing).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot run ./no-such-program");
}

#[tokio::test]
async fn what_hangs_is_ended_with_everything_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script = format!("sleep 600 & echo $! > {}; wait", file.display());
    let (sender, _) = sender("http://127.0.0.1:1", &[("PATH", &path())]);
    let mut block = shell(&script);
    block.timeout = Duration::from_millis(500);
    let error = deliver(&sender, &block).await.unwrap_err();
    assert!(matches!(error, SendError::Timeout { .. }), "{error}");
    let pid = std::fs::read_to_string(&file).unwrap();
    let process = std::path::PathBuf::from(format!("/proc/{}/cmdline", pid.trim()));
    // A killed process has no command line any more, also before somebody waits for it.
    let gone = || std::fs::read(&process).unwrap_or_default().is_empty();
    while !gone() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn what_goes_on_in_the_background_is_left_alone() {
    let (sender, _) = sender("http://127.0.0.1:1", &[("PATH", &path())]);
    // It holds standard error open; the command itself is done.
    deliver(&sender, &shell("sleep 5 & exit 0")).await.unwrap();
}
