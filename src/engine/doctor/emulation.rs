//! Whether steps for other architectures can run here.

use std::env::consts::ARCH;

use super::Check;
use crate::engine::Emulator;
use crate::image::Platform;

/// This machine's own platform.
pub(super) fn native() -> Platform {
    Platform::new("linux", ARCH, None)
}

/// One check for each platform that is not this machine's own.
pub(super) fn checks(native: &Platform, wanted: &[Platform], found: &[Emulator]) -> Vec<Check> {
    wanted
        .iter()
        .filter(|platform| !runs_natively(native, platform))
        .map(|platform| check(platform, found))
        .collect()
}

/// Its own architecture, and the 32-bit sister that every amd64 processor runs too.
fn runs_natively(native: &Platform, platform: &Platform) -> bool {
    platform.os() == native.os()
        && (platform.architecture() == native.architecture()
            || (native.architecture() == "amd64" && platform.architecture() == "386"))
}

fn check(platform: &Platform, found: &[Emulator]) -> Check {
    let name = format!("platform {platform}");
    if platform.os() != "linux" {
        return Check::missing(name, "BuildKit on Linux runs no steps for it");
    }
    let architecture = platform.architecture();
    let emulators: Vec<&Emulator> = found
        .iter()
        .filter(|emulator| emulator.architecture == architecture)
        .collect();
    let show = |emulator: &Emulator| {
        format!(
            "{} ({}, flags {})",
            emulator.name,
            emulator.interpreter,
            if emulator.flags.is_empty() {
                "none"
            } else {
                &emulator.flags
            }
        )
    };
    if let Some(emulator) = emulators.iter().find(|e| e.works_in_containers()) {
        return Check::ok(name, format!("emulated by {}", show(emulator)));
    }
    match emulators.first() {
        Some(emulator) if !emulator.enabled => {
            Check::missing(name, format!("{} is switched off", show(emulator))).hint(format!(
                "echo 1 > /proc/sys/fs/binfmt_misc/{}",
                emulator.name
            ))
        }
        Some(emulator) => with_commands(
            Check::missing(
                name,
                format!(
                    "{} lacks flag F, so containers do not find it",
                    show(emulator)
                ),
            )
            .hint(format!(
                "Take it away first: echo -1 > /proc/sys/fs/binfmt_misc/{}",
                emulator.name
            )),
            architecture,
        ),
        None => with_commands(
            Check::missing(name, "no emulator is registered"),
            architecture,
        ),
    }
}

fn with_commands(check: Check, architecture: &str) -> Check {
    check
        .hint("Debian, Ubuntu: apt-get install qemu-user-static binfmt-support")
        .hint(format!(
            "Amazon Linux and others with Docker: docker run --privileged --rm tonistiigi/binfmt \
             --install {architecture}"
        ))
        .hint("Or use an engine that can build for it: --engine ADDRESS.")
}

#[cfg(test)]
mod tests {
    use super::super::CheckState;
    use super::*;

    fn emulator(architecture: &'static str, enabled: bool, flags: &str) -> Emulator {
        Emulator {
            name: format!("qemu-{architecture}"),
            architecture,
            enabled,
            interpreter: "/usr/bin/qemu".to_owned(),
            flags: flags.to_owned(),
        }
    }

    fn state(platform: &str, found: &[Emulator]) -> Option<(CheckState, Check)> {
        let wanted: Platform = platform.parse().unwrap();
        let native = Platform::new("linux", "amd64", None);
        let checks = checks(&native, &[wanted], found);
        checks.into_iter().next().map(|check| (check.state, check))
    }

    #[test]
    fn own_platforms_need_nothing() {
        for platform in ["linux/amd64", "linux/amd64/v3", "linux/386"] {
            assert_eq!(state(platform, &[]), None);
        }
    }

    #[test]
    fn an_emulator_has_to_be_on_and_fixed() {
        let (state_of_good, _) = state("linux/arm64", &[emulator("arm64", true, "PF")]).unwrap();
        assert_eq!(state_of_good, CheckState::Ok);
        for (found, says, hint) in [
            (vec![], "no emulator", "--install arm64"),
            (
                vec![emulator("arm", true, "F")],
                "no emulator",
                "qemu-user-static",
            ),
            (
                vec![emulator("arm64", true, "OC")],
                "lacks flag F",
                "echo -1 >",
            ),
            (
                vec![emulator("arm64", false, "F")],
                "switched off",
                "echo 1 >",
            ),
        ] {
            let (state, check) = state("linux/arm64", &found).unwrap();
            assert_eq!(state, CheckState::Missing);
            assert!(check.detail.contains(says), "{check:?}");
            assert!(check.hints.iter().any(|h| h.contains(hint)), "{check:?}");
        }
    }

    #[test]
    fn a_good_one_beside_a_bad_one_is_enough() {
        let found = [emulator("arm64", true, ""), emulator("arm64", true, "F")];
        assert_eq!(state("linux/arm64", &found).unwrap().0, CheckState::Ok);
    }
}
