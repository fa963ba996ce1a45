//! The sizes of tasks that Fargate has: which memory goes with which cpu.
//! Source: Amazon ECS developer guide, "Task CPU and memory".

/// cpu units, least and most memory in MiB, and the step between.
const SIZES: [(u64, u64, u64, u64); 6] = [
    (512, 1024, 4 * 1024, 1024),
    (1024, 2 * 1024, 8 * 1024, 1024),
    (2048, 4 * 1024, 16 * 1024, 1024),
    (4096, 8 * 1024, 30 * 1024, 1024),
    (8192, 16 * 1024, 60 * 1024, 4 * 1024),
    (16384, 32 * 1024, 120 * 1024, 8 * 1024),
];

/// Memory of the smallest tasks, in MiB.
const SMALLEST: (u64, [u64; 3]) = (256, [512, 1024, 2048]);

/// What Fargate has instead of this size, if it does not have it. Texts that are no sizes are left
/// to AWS.
pub(super) fn objection(cpu: &str, memory: &str) -> Option<String> {
    let (cpu, memory) = (units(cpu, "vcpu")?, units(memory, "gb")?);
    if cpu == SMALLEST.0 {
        let fits = SMALLEST.1.contains(&memory);
        return (!fits).then(|| "with cpu 256 memory is 512, 1024 or 2048".to_owned());
    }
    let Some((_, least, most, step)) = SIZES.iter().find(|(size, ..)| *size == cpu) else {
        return Some("cpu is 256, 512, 1024, 2048, 4096, 8192 or 16384".to_owned());
    };
    let fits = (*least..=*most).contains(&memory) && (memory - least).is_multiple_of(*step);
    (!fits).then(|| format!("with cpu {cpu} memory is {least} to {most}, in steps of {step}"))
}

/// `512`, `.5 vCPU`, `1 GB` in units of 1/1024.
fn units(text: &str, unit: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let Some(number) = text.strip_suffix(unit) else {
        return text.parse().ok();
    };
    let (whole, part) = number.trim().split_once('.').unwrap_or((number.trim(), ""));
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let part = match part {
        "" | "0" | "00" => 0,
        "25" => 256,
        "5" | "50" => 512,
        _ => return None,
    };
    Some(whole.checked_mul(1024)? + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_documented_sizes() {
        for (cpu, memory) in [
            ("256", "512"),
            ("256", "2048"),
            ("512", "3072"),
            ("1 vCPU", "2 GB"),
            (".25 vcpu", "0.5GB"),
            ("4096", "30720"),
            ("8192", "20480"),
            ("16 vCPU", "120 GB"),
        ] {
            assert_eq!(objection(cpu, memory), None, "{cpu} {memory}");
        }
        for (cpu, memory) in [
            ("256", "4096"),
            ("512", "512"),
            ("512", "1500"),
            ("300", "512"),
            ("8192", "17408"),
            ("16384", "131072"),
        ] {
            assert!(objection(cpu, memory).is_some(), "{cpu} {memory}");
        }
        assert_eq!(objection("<CPU>", "x"), None);
    }
}
