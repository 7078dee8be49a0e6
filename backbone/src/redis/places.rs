use std::sync::Arc;
use std::time::Duration;

use futures_util::future;
use redis::Value;
use tidewire_protocol::ChannelName;

use super::commands::replied;
use super::keys::Keys;
use super::shards::Shards;

/// How often each Redis is told its place in the list.
const EVERY: Duration = Duration::from_secs(5);
/// How long it remembers that.
const REMEMBERED: Duration = Duration::from_secs(30);

/// Writes into each Redis which of how many it is, and complains where another node wrote something else: nodes with
/// different lists look for a channel in different places, and its subscribers are apart.
pub(super) async fn compare(shards: Arc<Shards>, keys: Keys, home: ChannelName) {
    loop {
        let places = shards.each().enumerate().map(|(index, shard)| {
            let place = format!("{} of {}", index + 1, shards.each().len());
            let mut command = redis::cmd("SET");
            let remembered = u64::try_from(REMEMBERED.as_millis()).unwrap_or(u64::MAX);
            command.arg(keys.place(&home)).arg(&place).arg("PX").arg(remembered).arg("GET");
            let home = &home;
            async move {
                // Where it cannot be asked, its links say so.
                let Ok(Value::BulkString(before)) = replied(shard.publishing(home).ok()?.give(command)).await
                else {
                    return None;
                };
                (before != place.as_bytes()).then(|| (place, String::from_utf8_lossy(&before).into_owned()))
            }
        });
        for (here, there) in future::join_all(places).await.into_iter().flatten() {
            metrics::counter!("tidewire_places_disputed_total").increment(1);
            tracing::error!(
                here,
                there,
                "another node has this Redis at another place of its list, and looks for channels elsewhere: all nodes need \
                 the same addresses in the same order"
            );
        }
        tokio::time::sleep(EVERY).await;
    }
}
