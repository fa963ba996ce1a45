//! Services for the tests of the registry client and of AWS: started on a free loopback port by
//! the test that needs them, and stopped when it ends.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A process of ours that listens.
pub(crate) struct Service {
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    process: Child,
    _folder: TempDir,
}

impl Service {
    /// The distribution registry, empty, anonymous, deleting allowed.
    pub(crate) fn registry() -> Self {
        Self::start("bin/registry", |program, address, folder| {
            let config = folder.join("config.yml");
            let text = format!(
                "version: 0.1\nlog: {{ level: error, accesslog: {{ disabled: true }} }}\n\
                 storage:\n  filesystem: {{ rootdirectory: {}/data }}\n  delete: {{ enabled: true }}\n\
                 http: {{ addr: \"{address}\", secret: loopback-only }}\n",
                folder.display()
            );
            std::fs::write(&config, text).unwrap();
            let mut command = Command::new(program);
            command.arg("serve").arg(config);
            command.env("OTEL_TRACES_EXPORTER", "none");
            command
        })
    }

    /// moto, which plays AWS.
    pub(crate) fn aws() -> Self {
        Self::start("venv/bin/moto_server", |program, address, _| {
            let (host, port) = address.rsplit_once(':').unwrap();
            let mut command = Command::new(program);
            command.args(["-H", host, "-p", port]);
            command
        })
    }

    fn start(part: &str, command: impl Fn(&Path, &str, &Path) -> Command) -> Self {
        let program = part_of(part);
        let folder = tempfile::tempdir().unwrap();
        // A port can be lost between our asking and the service's.
        for _ in 0..5 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let address = port.local_addr().unwrap().to_string();
            drop(port);
            let mut process = command(&program, &address, folder.path())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            if listens(&mut process, &address) {
                return Self {
                    address,
                    process,
                    _folder: folder,
                };
            }
            let _ = process.kill();
            let _ = process.wait();
        }
        panic!("{} does not start", program.display());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn part_of(path: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(".deps")
        .join(path);
    assert!(
        program.exists(),
        "{} is missing; run `make deps`",
        program.display()
    );
    program
}

fn listens(process: &mut Child, address: &str) -> bool {
    let patience = Instant::now() + Duration::from_mins(1);
    while Instant::now() < patience {
        if process.try_wait().unwrap().is_some() {
            return false;
        }
        if TcpStream::connect(address).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}
