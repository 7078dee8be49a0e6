use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use redis::{Connection, RedisResult};

use crate::server::connection;

/// Looks all the time whether replicas become primaries, whoever makes them.
#[derive(Debug)]
pub struct Promotions {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    seen: Mutex<Vec<Promotion>>,
    is_over: AtomicBool,
}

/// A replica became a primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    /// It was a replica then; it became a primary after that, and less than a second later where it could be asked.
    pub after: Instant,
    /// It had never been in step with a primary: what it was to hold is gone.
    pub was_empty: bool,
}

const EVERY: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(1);

impl Promotions {
    /// Looks at the servers at these ports until it is dropped; each by a thread, as one may be frozen.
    pub fn at(ports: impl IntoIterator<Item = u16>) -> Self {
        let shared = Arc::<Shared>::default();
        for port in ports {
            let shared = Arc::clone(&shared);
            thread::spawn(move || look(port, &shared));
        }
        Self { shared }
    }

    /// Those seen since this was asked last, in no order.
    pub fn take(&self) -> Vec<Promotion> {
        std::mem::take(&mut self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Promotions {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
    }
}

/// What a server says of itself.
struct Look {
    at: Instant,
    process: String,
    is_replica: bool,
    /// It has nothing of a primary's.
    is_empty: bool,
}

fn look(port: u16, shared: &Shared) {
    let mut link = None;
    let mut before: Option<Look> = None;
    while !shared.is_over.load(Ordering::Relaxed) {
        match ask(port, &mut link) {
            Ok(now) => {
                if let Some(promotion) = before.as_ref().and_then(|before| before.promoted(&now, port)) {
                    shared.seen.lock().unwrap_or_else(PoisonError::into_inner).push(promotion);
                }
                before = Some(now);
            }
            // It is killed or frozen, and may come back on a new link.
            Err(_) => link = None,
        }
        thread::sleep(EVERY);
    }
}

fn ask(port: u16, link: &mut Option<Connection>) -> RedisResult<Look> {
    let at = Instant::now();
    let link = match link {
        Some(link) => link,
        None => link.insert(connection(port, PATIENCE)?),
    };
    let mut questions = redis::pipe();
    questions.cmd("INFO").arg("server").cmd("INFO").arg("replication");
    let (server, replication): (String, String) = questions.query(link)?;
    let lines: HashMap<&str, &str> =
        server.lines().chain(replication.lines()).filter_map(|line| line.split_once(':')).collect();
    let line = |name: &str| lines.get(name).copied().unwrap_or_default();
    Ok(Look {
        at,
        process: line("run_id").to_owned(),
        is_replica: line("role") == "slave",
        is_empty: line("slave_repl_offset") == "0",
    })
}

impl Look {
    /// The same process, which is no replica any more.
    fn promoted(&self, now: &Self, port: u16) -> Option<Promotion> {
        let is_promoted = self.process == now.process && self.is_replica && !now.is_replica;
        is_promoted.then_some(Promotion { port, after: self.at, was_empty: self.is_empty })
    }
}
