//! The same for many layers, on all cores.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Calls `check` with every item, and fails with all that it complained about.
#[track_caller]
pub(crate) fn for_each<T: Sync>(items: &[T], check: impl Fn(&T) -> Result<(), String> + Sync) {
    let next = AtomicUsize::new(0);
    let problems = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(place) else { break };
                    if let Err(problem) = check(item) {
                        problems.lock().unwrap().push((place, problem));
                    }
                }
            });
        }
    });
    let mut problems = problems.into_inner().unwrap();
    problems.sort();
    let mut text = String::new();
    for (_, problem) in &problems {
        writeln!(text, "{problem}").unwrap();
    }
    assert!(
        problems.is_empty(),
        "{} of {} layers:\n{text}",
        problems.len(),
        items.len()
    );
}
