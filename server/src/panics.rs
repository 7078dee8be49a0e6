//! A panic ends what it happened in and nothing else: it is caught where that is contained, and counted.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt;

/// Does something; `None` where that panicked. `place` is the metric's label.
pub(crate) fn contained<T>(place: &'static str, work: impl FnOnce() -> T) -> Option<T> {
    counted(place, catch_unwind(AssertUnwindSafe(work)).ok())
}

/// The same of something that takes time.
pub(crate) async fn contained_in_time<T>(place: &'static str, work: impl Future<Output = T>) -> Option<T> {
    counted(place, AssertUnwindSafe(work).catch_unwind().await.ok())
}

fn counted<T>(place: &'static str, done: Option<T>) -> Option<T> {
    if done.is_none() {
        metrics::counter!("tidewire_panics_total", "where" => place).increment(1);
    }
    done
}
