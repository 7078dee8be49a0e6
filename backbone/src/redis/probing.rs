//! Whether a link that seems to be there is there.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::sync::watch;

use super::commands::{Commands, replied};

/// Asks the connection now and then, and returns once it does not answer in its time.
pub(super) async fn answers(mut connection: MultiplexedConnection, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        if redis::cmd("PING").exec_async(&mut connection).await.is_err_and(|error| error.code().is_none()) {
            return;
        }
    }
}

/// Publishes to itself, the way that publications go, and returns once that does not come back.
///
/// A link may answer and yet bring no news: half open, or to a server that was replaced.
pub(super) async fn comes_back(
    commands: Commands,
    channel: String,
    mut heard: watch::Receiver<u64>,
    every: Duration,
    timeout: Duration,
) {
    for number in 1_u64.. {
        tokio::time::sleep(every).await;
        let mut publish = redis::cmd("SPUBLISH");
        publish.arg(channel.as_str()).arg(number.to_be_bytes().as_slice());
        if replied(commands.give(publish)).await.is_err() {
            // That link is in trouble, which says nothing about this one.
            continue;
        }
        if tokio::time::timeout(timeout, heard.wait_for(|&heard| heard >= number)).await.is_err() {
            return;
        }
    }
}
