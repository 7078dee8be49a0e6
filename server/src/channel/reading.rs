//! Reading the log, so that many who want the same share one read.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use tidewire_backbone::{Answer, BackboneError};

use super::Channel;

/// The reads that are under way, by offset and limit. Bounded by those who wait for them.
#[derive(Default)]
pub(super) struct Reads {
    begun: u64,
    under_way: HashMap<(u64, usize), (u64, WeakShared<Read>)>,
}

type Read = BoxFuture<'static, Result<Arc<Answer>, BackboneError>>;

impl Channel {
    /// A mark in time: a read whose number is higher has begun after it.
    pub(super) fn reads_begun(&self) -> u64 {
        self.reads.lock().begun
    }

    /// Reads at most `limit` entries after an offset; answers with the read's number.
    pub(super) async fn read(&self, after: u64, limit: usize) -> Result<(u64, Arc<Answer>), BackboneError> {
        let (number, read) = self.join_read(after, limit);
        let answer = read.await;
        let mut reads = self.reads.lock();
        if reads.under_way.get(&(after, limit)).is_some_and(|(known, _)| *known == number) {
            reads.under_way.remove(&(after, limit));
        }
        Ok((number, answer?))
    }

    fn join_read(&self, after: u64, limit: usize) -> (u64, Shared<Read>) {
        let mut reads = self.reads.lock();
        let known = reads.under_way.get(&(after, limit));
        if let Some((number, Some(read))) = known.map(|(number, read)| (*number, read.upgrade())) {
            return (number, read);
        }
        reads.begun += 1;
        let (scope, name) = (self.scope.clone(), self.name.clone());
        let read = async move { scope.in_time(scope.read(&name, after, limit)).await.map(Arc::new) };
        let read = read.boxed().shared();
        let number = reads.begun;
        if let Some(weak) = read.downgrade() {
            reads.under_way.insert((after, limit), (number, weak));
        }
        (number, read)
    }
}
