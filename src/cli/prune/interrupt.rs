//! An apply that is interrupted ends between two batches, and tells what it did.
//!
//! The process drops a run that a signal ends. So the work is a task of its own, and the last words of the run are to
//! ask it to stop and to wait for it; a second signal ends it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::exit;
use crate::ui::Failure;

use crate::cli::Invocation;

/// Runs `work`, which ends soon after `stop` is true. When a signal made it true, `note` says
/// so, and `report` gets what it came to.
///
/// The work has a thread of its own, so that it need not move between threads.
pub(super) async fn guarded<T: Send + 'static, Fut: Future<Output = T>>(
    invocation: &Invocation,
    stop: Arc<AtomicBool>,
    work: impl FnOnce() -> Fut + Send + 'static,
    note: impl Fn(&str) + Send + 'static,
    report: impl FnOnce(T) + Send + 'static,
) -> Result<T, Failure> {
    let runtime = Handle::current();
    let task = spawn_blocking(move || runtime.block_on(work()));
    let task = Arc::new(Mutex::new(task));
    let same = Arc::clone(&task);
    invocation.last_words.set(Box::pin(async move {
        stop.store(true, Ordering::SeqCst);
        note("stopping after what is under way");
        let mut task = same.lock().await;
        if !task.is_finished()
            && let Ok(done) = (&mut *task).await
        {
            report(done);
        }
    }));
    let done = (&mut *task.lock().await).await;
    invocation.last_words.forget();
    done.map_err(|error| Failure::with_cause(exit::UNEXPECTED, "the removal broke off", &error))
}
