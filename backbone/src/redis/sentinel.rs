//! Who the primary is, as Sentinels say: each is listened to and asked by a task of its own.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::RedisHost;
use super::access::Access;
use super::backoff::Backoff;
use super::greeting::deadlines;
use super::trouble::Trouble;

/// How often each Sentinel is asked, beside when it has news.
const EVERY: Duration = Duration::from_secs(1);
/// The news that make it worth asking: a replica was promoted, and everybody may know.
const NEWS: [&str; 2] = ["+switch-master", "+promoted-slave"];

/// Begins to ask; the answer is an error until one Sentinel has named a primary, and changes with every failover.
pub(super) fn watch_primary(
    sentinels: &[RedisHost],
    primary: &str,
    access: &Access,
    timeout: Duration,
    tasks: &mut JoinSet<()>,
) -> watch::Receiver<Result<RedisHost, Trouble>> {
    let unknown = Trouble::Passing("no Sentinel has answered yet".to_owned());
    let (tell, told) = watch::channel(Err(unknown));
    let views = Arc::new(Views { words: Mutex::new(vec![Word::Unasked; sentinels.len()]), tell });
    for (index, sentinel) in sentinels.iter().enumerate() {
        let watcher = Watcher {
            index,
            sentinel: sentinel.clone(),
            primary: primary.to_owned(),
            access: access.clone(),
            timeout,
            views: Arc::clone(&views),
        };
        tasks.spawn(watcher.run());
    }
    told
}

/// What all Sentinels say.
struct Views {
    words: Mutex<Vec<Word>>,
    tell: watch::Sender<Result<RedisHost, Trouble>>,
}

/// What one Sentinel says.
#[derive(Clone)]
enum Word {
    /// Nothing yet.
    Unasked,
    /// It cannot be asked.
    Trouble(Trouble),
    /// The primary is this one, since this failover.
    Primary { epoch: u64, host: RedisHost },
}

impl Views {
    /// Of two Sentinels, the one that knows of the later failover is right.
    fn say(&self, index: usize, word: Word) {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        words[index] = word;
        let newest = words.iter().filter_map(|word| match word {
            Word::Primary { epoch, host } => Some((*epoch, host)),
            Word::Unasked | Word::Trouble(_) => None,
        });
        match newest.max_by_key(|(epoch, _)| *epoch) {
            Some((epoch, host)) => self.name(epoch, host),
            None => self.complain(&words),
        }
    }

    fn name(&self, epoch: u64, host: &RedisHost) {
        self.tell.send_if_modified(|known| {
            let is_other = known.as_ref() != Ok(host);
            if is_other {
                tracing::info!(primary = %host, epoch, "the Sentinels name a primary");
                *known = Ok(host.clone());
            }
            is_other
        });
    }

    /// Says why nobody is known; where somebody was known, that stays true while nobody can be asked.
    fn complain(&self, words: &[Word]) {
        let mut worst = None;
        for word in words {
            match word {
                Word::Trouble(trouble) if !matches!(worst, Some(Trouble::Misconfigured(_))) => {
                    worst = Some(trouble.clone());
                }
                Word::Trouble(_) | Word::Primary { .. } => {}
                // It may know better.
                Word::Unasked => return,
            }
        }
        let Some(worst) = worst else { return };
        self.tell.send_if_modified(|known| {
            let is_other = known.as_ref().is_err_and(|known| *known != worst);
            if is_other {
                *known = Err(worst);
            }
            is_other
        });
    }
}

/// An address, and all that is known of the primary there.
type Answers = (Option<(String, u16)>, HashMap<String, String>);

/// Asks one Sentinel.
struct Watcher {
    index: usize,
    sentinel: RedisHost,
    primary: String,
    access: Access,
    timeout: Duration,
    views: Arc<Views>,
}

impl Watcher {
    async fn run(self) {
        let mut backoff = Backoff::default();
        loop {
            let Err(trouble) = self.follow(&mut backoff).await;
            if let Some(trouble) = backoff.news(&trouble) {
                tracing::warn!(sentinel = %self.sentinel, %trouble, "cannot ask a Sentinel, trying again");
            }
            self.views.say(self.index, Word::Trouble(trouble));
            tokio::time::sleep(backoff.next_delay()).await;
        }
    }

    /// Asks until that fails.
    async fn follow(&self, backoff: &mut Backoff) -> Result<Infallible, Trouble> {
        let news = Arc::new(Notify::new());
        let mut connection = self.connect(Arc::clone(&news)).await?;
        loop {
            let word = self.ask(&mut connection).await?;
            *backoff = Backoff::default();
            self.views.say(self.index, word);
            // What comes while nobody waits is kept for the next turn.
            let _ = tokio::time::timeout(EVERY, news.notified()).await;
        }
    }

    async fn connect(&self, news: Arc<Notify>) -> Result<MultiplexedConnection, Trouble> {
        let config = deadlines(self.timeout).set_push_sender(move |push: PushInfo| {
            if matches!(push.kind, PushKind::Message | PushKind::Disconnection) {
                news.notify_one();
            }
            Ok::<(), redis::aio::SendError>(())
        });
        let client = self.access.client(&self.sentinel)?;
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut subscribe = redis::pipe();
        for channel in NEWS {
            subscribe.cmd("SUBSCRIBE").arg(channel);
        }
        // Who may not subscribe still learns by asking.
        if let Err(error) = connection.send_packed_commands(&subscribe, 0, NEWS.len()).await {
            tracing::debug!(sentinel = %self.sentinel, %error, "no news of this Sentinel");
        }
        Ok(connection)
    }

    async fn ask(&self, connection: &mut MultiplexedConnection) -> Result<Word, Trouble> {
        let mut questions = redis::pipe();
        questions.cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(&self.primary);
        questions.cmd("SENTINEL").arg("MASTER").arg(&self.primary);
        match questions.query_async::<Answers>(connection).await {
            Ok((Some((name, port)), about)) => Ok(Word::Primary {
                epoch: about.get("config-epoch").and_then(|epoch| epoch.parse().ok()).unwrap_or(0),
                host: RedisHost { name, port },
            }),
            Ok((None, _)) => Err(self.knows_none()),
            Err(error) if error.to_string().contains("No such master") => Err(self.knows_none()),
            Err(error) if error.to_string().contains("unknown command") => Err(Trouble::Misconfigured(
                format!("{} is no Sentinel; a server that holds data is redis://HOST:PORT", self.sentinel),
            )),
            Err(error) => Err(error.into()),
        }
    }

    fn knows_none(&self) -> Trouble {
        Trouble::Misconfigured(format!(
            "the Sentinel at {} knows no primary called {}; the name is the one of its `sentinel monitor`",
            self.sentinel, self.primary
        ))
    }
}
