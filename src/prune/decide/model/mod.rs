//! Random repositories, uses and policies: what [`decide`] says of them against a slow model of the same rules that
//! shares no code with it, and against what must hold whatever the rules are.
//!
//! A case is made from a seed, which a failure tells. `LAUNCHWAY_TEST_SEED=N cargo test model` runs one alone.

mod check;
mod dice;
mod generate;
mod naive;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use self::check::{Facts, check};

/// Runs the cases of many seeds, and says how many of them showed what.
#[expect(clippy::disallowed_methods, reason = "a seed for a test alone")]
fn check_all(cases: u64) -> BTreeMap<&'static str, u64> {
    let seeds = match std::env::var("LAUNCHWAY_TEST_SEED") {
        Ok(seed) => seed.parse().unwrap()..seed.parse::<u64>().unwrap() + 1,
        Err(_) => 0..cases,
    };
    let next = AtomicU64::new(seeds.start);
    let seen = Mutex::new(BTreeMap::new());
    let failed = Mutex::new(None);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut facts = Facts::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || failed.lock().unwrap().is_some() {
                        break;
                    }
                    // A panic is a problem like another: it has to tell its seed.
                    let case = std::panic::AssertUnwindSafe(|| check(seed, &mut facts));
                    let problem = match std::panic::catch_unwind(case) {
                        Ok(Ok(())) => continue,
                        Ok(Err(problem)) => problem,
                        Err(_) => "it panicked".to_owned(),
                    };
                    *failed.lock().unwrap() = Some((seed, problem));
                }
                let mut seen = seen.lock().unwrap();
                for (fact, count) in facts.0 {
                    *seen.entry(fact).or_insert(0) += count;
                }
            });
        }
    });
    if let Some((seed, problem)) = failed.into_inner().unwrap() {
        panic!("LAUNCHWAY_TEST_SEED={seed}: {problem}");
    }
    seen.into_inner().unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a seed for a test alone")]
fn the_plan_is_the_models_and_nothing_kept_loses_a_part() {
    let seen = check_all(4_000);
    println!("{seen:#?}");
    if std::env::var_os("LAUNCHWAY_TEST_SEED").is_some() {
        return;
    }
    // What was hardly ever there was hardly tested.
    for fact in check::FACTS {
        let count = seen.get(fact).copied().unwrap_or_default();
        assert!(count >= 20, "only {count} of 4000 cases: {fact}");
    }
}

#[test]
#[ignore = "soak: takes minutes"]
fn soak_the_plan_is_the_models_and_nothing_kept_loses_a_part() {
    println!("{:#?}", check_all(100_000));
}
