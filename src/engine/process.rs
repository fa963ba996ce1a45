//! A process that is known for certain: a process id alone may belong to another one by now.

use std::fs;
use std::io;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

/// A process, told apart from later ones with the same id by when it began. Source: proc(5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Process {
    /// The process id.
    pub pid: u32,
    /// When it began, in clock ticks since boot: field 22 of `/proc/PID/stat`.
    pub start_ticks: u64,
    /// Which boot that was: `/proc/sys/kernel/random/boot_id`.
    pub boot: String,
}

impl Process {
    /// The process that has this id now.
    pub fn of(pid: u32) -> io::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let stat = Stat::parse(&stat).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "unreadable process state")
        })?;
        Ok(Self {
            pid,
            start_ticks: stat.start_ticks,
            boot: boot()?,
        })
    }

    /// Whether it still runs. A process that ended and was not waited for does not.
    pub fn is_alive(&self) -> bool {
        let Ok(stat) = fs::read_to_string(format!("/proc/{}/stat", self.pid)) else {
            return false;
        };
        Stat::parse(&stat).is_some_and(|stat| {
            stat.start_ticks == self.start_ticks && !matches!(stat.state, 'Z' | 'X' | 'x')
        }) && boot().is_ok_and(|boot| boot == self.boot)
    }

    /// Sends a signal to it and to no other process; `false` when it has ended.
    pub(super) fn signal(&self, signal: Signal) -> io::Result<bool> {
        let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) else {
            return Ok(false);
        };
        // The handle stays with one process; that it is ours is checked after it was taken.
        let handle = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => handle,
            Err(rustix::io::Errno::SRCH) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        if !self.is_alive() {
            return Ok(false);
        }
        match pidfd_send_signal(handle, signal) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::SRCH) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn boot() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?
        .trim()
        .to_owned())
}

/// What is needed of `/proc/PID/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: char,
    start_ticks: u64,
}

impl Stat {
    /// The second field is the program's name in parentheses and may hold anything, so the fields
    /// are counted from the last closing one.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let start_ticks = fields.nth(18)?.parse().ok()?;
        Some(Self { state, start_ticks })
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn reads_a_state_with_a_strange_name() {
        let text = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 100 2";
        assert_eq!(
            Stat::parse(text),
            Some(Stat {
                state: 'S',
                start_ticks: 98765
            })
        );
        assert_eq!(Stat::parse("42 (x) S 1 2"), None);
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn knows_a_process_from_another_with_the_same_id() {
        let own = Process::of(std::process::id()).unwrap();
        assert!(own.is_alive());
        let earlier = Process {
            start_ticks: own.start_ticks - 1,
            ..own.clone()
        };
        assert!(!earlier.is_alive());
        assert!(!earlier.signal(Signal::TERM).unwrap());
        let before_reboot = Process {
            boot: "another".to_owned(),
            ..own
        };
        assert!(!before_reboot.is_alive());
        assert!(!before_reboot.signal(Signal::TERM).unwrap());
    }

    #[test]
    fn a_zombie_is_not_alive() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let process = Process::of(child.id()).unwrap();
        assert!(process.is_alive());
        assert!(process.signal(Signal::KILL).unwrap());
        // Not waited for: it stays as a zombie until then.
        while process.is_alive() {
            std::thread::yield_now();
        }
        assert!(Process::of(child.id()).is_ok());
        child.wait().unwrap();
        assert!(!process.signal(Signal::TERM).unwrap());
    }
}
