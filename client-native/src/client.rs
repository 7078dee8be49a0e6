use tidewire_protocol::{ChannelName, HistoryPage, Payload, Position, PresenceList};
use tidewire_session::{End, Status};
use tokio::sync::{mpsc, oneshot, watch};

use crate::driver::{Driver, Request};
use crate::{
    ClientOptions, Closed, PresenceWatch, PublishError, Published, QuestionError, Receipt, SubscribeOptions,
    Subscription,
};

/// A connection to Tidewire that lasts: a cheap handle of the task that keeps it.
///
/// The task ends when [`Client::close`] is called, or when all handles are dropped.
#[derive(Clone, Debug)]
pub struct Client {
    requests: mpsc::Sender<Request>,
    status: watch::Receiver<Status>,
}

impl Client {
    /// Begins to connect, in a task of the present tokio runtime. What is wanted of the client before it is live
    /// waits.
    pub fn connect(options: ClientOptions) -> Self {
        let (requests, taken) = mpsc::channel(options.commands.max(1));
        let (tell, status) = watch::channel(Status::Idle);
        let driver = Driver::new(options, requests.downgrade(), taken, tell);
        tokio::spawn(driver.run());
        Self { requests, status }
    }

    /// Subscribes to a channel. Returns at once; that it is live comes as an event.
    ///
    /// # Errors
    /// The client is closed.
    pub async fn subscribe(
        &self,
        channel: &ChannelName,
        options: SubscribeOptions,
    ) -> Result<Subscription, Closed> {
        let (answer, subscription) = oneshot::channel();
        self.send(Request::Subscribe { channel: channel.clone(), options, answer }).await?;
        subscription.await.map_err(|_| Closed)
    }

    /// Publishes, and waits until the log has it: for as long as it takes, across lost connections.
    ///
    /// # Errors
    /// It is refused for good, or nobody knows.
    pub async fn publish(&self, channel: &ChannelName, payload: Payload) -> Result<Published, PublishError> {
        self.publish_later(channel, payload).await?.await
    }

    /// Publishes, in order with what was published before, and leaves waiting for the answer to the receipt.
    /// Waits only while more commands wait for the client's task than the options allow.
    ///
    /// # Errors
    /// The client is closed.
    pub async fn publish_later(&self, channel: &ChannelName, payload: Payload) -> Result<Receipt, Closed> {
        let (answer, receipt) = oneshot::channel();
        self.send(Request::Publish { channel: channel.clone(), payload, answer }).await?;
        Ok(Receipt(receipt))
    }

    /// A part of a channel's log: what follows a position, or the newest.
    ///
    /// # Errors
    /// The question is refused, or the client is closed.
    pub async fn history(
        &self,
        channel: &ChannelName,
        since: Option<Position>,
        limit: u64,
    ) -> Result<HistoryPage, QuestionError> {
        let (answer, page) = oneshot::channel();
        self.send(Request::History { channel: channel.clone(), since, limit, answer }).await?;
        page.await.map_err(|_| Closed)?.map_err(QuestionError::Refused)
    }

    /// A page of who is in a channel: those after the `next` of an earlier page, or the first; at most `limit`, 0
    /// for as many as the server gives.
    ///
    /// # Errors
    /// The question is refused, or the client is closed.
    pub async fn presence(
        &self,
        channel: &ChannelName,
        after: Option<String>,
        limit: u64,
    ) -> Result<PresenceList, QuestionError> {
        let (answer, page) = oneshot::channel();
        self.send(Request::Presence { channel: channel.clone(), after, limit, answer }).await?;
        page.await.map_err(|_| Closed)?.map_err(QuestionError::Refused)
    }

    /// Keeps up with who is in a channel, while there is a subscription of it.
    ///
    /// # Errors
    /// The client is closed.
    pub async fn watch_presence(&self, channel: &ChannelName) -> Result<PresenceWatch, Closed> {
        let (answer, watch) = oneshot::channel();
        self.send(Request::WatchPresence { channel: channel.clone(), answer }).await?;
        watch.await.map_err(|_| Closed)
    }

    /// How the connection stands, now and from now on.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Waits until the client is live.
    ///
    /// # Errors
    /// It has ended instead.
    pub async fn live(&self) -> Result<(), End> {
        let mut status = self.status.clone();
        let seen =
            status.wait_for(|status| matches!(status, Status::Live { .. } | Status::Ended { .. })).await;
        match seen.as_deref() {
            Ok(Status::Ended { why }) => Err(why.clone()),
            Ok(Status::Idle | Status::Connecting | Status::Live { .. } | Status::Waiting { .. }) => Ok(()),
            Err(_) => Err(End::Application),
        }
    }

    /// Closes the connection and waits until it is closed. What was published and has no answer gets one.
    pub async fn close(&self) {
        if self.send(Request::Close).await.is_ok() {
            self.requests.closed().await;
        }
    }

    async fn send(&self, request: Request) -> Result<(), Closed> {
        self.requests.send(request).await.map_err(|_| Closed)
    }
}
