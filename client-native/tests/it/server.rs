//! A server of one log, small enough to see through: what it accepts it delivers; what it is told to break, breaks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use tidewire_client::{Client, ClientOptions, Payload, Publication, Subscription, SubscriptionEvent};
use tidewire_protocol::codec::Heard;
use tidewire_protocol::{
    Alias, Behind, ClientFrame, Codec, HistoryPage, Limits, Member, MessageLimits, Position, PresenceList,
    PublicationId, Publish, Published, PublisherId, ServerFrame, Subscribed, Tag, UnsubscribeCode,
    Unsubscribed, Welcome,
};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

/// The server; dropping it does not stop it, its runtime's end does.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) url: String,
    log: Arc<Mutex<Log>>,
    tip: watch::Sender<usize>,
    cuts: watch::Sender<usize>,
    news: broadcast::Sender<ServerFrame>,
}

#[derive(Default)]
struct Log {
    publications: Vec<Publication>,
    last: HashMap<PublisherId, u64>,
    /// Cut the connection, without an answer, after so many more publishes.
    cut_after: Option<usize>,
    hellos: Vec<Option<String>>,
    unsubscribes: usize,
    /// Who is there, two on a page.
    members: Vec<Member>,
    /// Whether the last question for them wants to go on.
    watched: bool,
}

pub(crate) const ALIAS: Alias = Alias(1);

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            url: format!("ws://{}", listener.local_addr().unwrap()),
            log: Arc::default(),
            tip: watch::Sender::new(0),
            cuts: watch::Sender::new(0),
            news: broadcast::Sender::new(16),
        };
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().serve(socket));
            }
        });
        server
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(ClientOptions::new(&self.url).unwrap())
    }

    /// Cuts every connection.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// After so many more publishes, cuts the connection before it answers.
    pub(crate) fn cut_after(&self, publishes: usize) {
        self.log.lock().unwrap().cut_after = Some(publishes);
    }

    pub(crate) fn payloads(&self) -> Vec<Payload> {
        self.log.lock().unwrap().publications.iter().map(|one| one.payload.clone()).collect()
    }

    pub(crate) fn tokens(&self) -> Vec<Option<String>> {
        self.log.lock().unwrap().hellos.clone()
    }

    pub(crate) fn unsubscribes(&self) -> usize {
        self.log.lock().unwrap().unsubscribes
    }

    /// From now on these are there; nobody is told.
    pub(crate) fn has(&self, members: Vec<Member>) {
        self.log.lock().unwrap().members = members;
    }

    /// Says this on every connection.
    pub(crate) fn tells(&self, frame: ServerFrame) {
        self.news.send(frame).unwrap();
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.log.lock().unwrap().watched
    }

    async fn serve(self, socket: tokio::net::TcpStream) {
        #[expect(clippy::result_large_err, reason = "the library's type")]
        let agree = |_: &Request, mut response: Response| {
            let codec = Codec::Binary.subprotocol().parse().unwrap();
            response.headers_mut().insert("sec-websocket-protocol", codec);
            Ok(response)
        };
        let Ok(mut socket) = accept_hdr_async(socket, agree).await else { return };
        let (mut tip, mut cuts, mut news) =
            (self.tip.subscribe(), self.cuts.subscribe(), self.news.subscribe());
        let mut publisher = None;
        let mut sent = None;
        loop {
            let mut answers = Vec::new();
            tokio::select! {
                message = socket.next() => {
                    let Some(Ok(message)) = message else { return };
                    let Message::Binary(message) = message else { continue };
                    for frame in Codec::Binary.decode(&message, MessageLimits::NONE).unwrap() {
                        let Heard::Frame(frame) = frame else { continue };
                        match self.answer(frame, &mut publisher, &mut sent) {
                            Some(answer) => answers.push(answer),
                            None => return,
                        }
                    }
                }
                _ = tip.changed() => {}
                Ok(frame) = news.recv() => answers.push(frame),
                _ = cuts.changed() => return,
            }
            if let Some(from) = &mut sent {
                let log = self.log.lock().unwrap();
                for publication in &log.publications[*from..] {
                    answers.push(ServerFrame::Publication(publication.clone().delivered_as(ALIAS)));
                }
                *from = log.publications.len();
            }
            let mut message = Vec::new();
            for answer in answers {
                Codec::Binary.encode(&answer, &mut message);
            }
            if !message.is_empty() && socket.send(Message::Binary(message.into())).await.is_err() {
                return;
            }
        }
    }

    /// The answer, or `None` to cut the connection.
    fn answer(
        &self,
        frame: ClientFrame,
        publisher: &mut Option<PublisherId>,
        sent: &mut Option<usize>,
    ) -> Option<ServerFrame> {
        let mut log = self.log.lock().unwrap();
        Some(match frame {
            ClientFrame::Hello(hello) => {
                *publisher = hello.publisher;
                log.hellos.push(hello.token);
                ServerFrame::Welcome(welcome())
            }
            ClientFrame::Subscribe(subscribe) => {
                let tip = log.publications.len();
                let from = match subscribe.since.first() {
                    Some(since) => usize::try_from(since.offset).unwrap(),
                    None => tip.saturating_sub(usize::try_from(subscribe.last).unwrap()),
                };
                *sent = Some(from);
                ServerFrame::Subscribed(Subscribed {
                    id: subscribe.id,
                    channel: subscribe.channel,
                    alias: ALIAS,
                    position: position(tip),
                    from: Some(position(from)),
                    replay: Vec::new(),
                    reset: None,
                })
            }
            ClientFrame::Unsubscribe(unsubscribe) => {
                *sent = None;
                log.unsubscribes += 1;
                let id = Some(unsubscribe.id);
                ServerFrame::Unsubscribed(Unsubscribed { alias: ALIAS, code: UnsubscribeCode::Requested, id })
            }
            ClientFrame::Publish(publish) => {
                let answer = self.publish(&mut log, publish, *publisher);
                if let Some(left) = &mut log.cut_after {
                    *left -= 1;
                    if *left == 0 {
                        log.cut_after = None;
                        return None;
                    }
                }
                answer
            }
            ClientFrame::History(history) => ServerFrame::History(HistoryPage {
                id: history.id,
                position: position(log.publications.len()),
                publications: log.publications.clone(),
                reset: None,
                more: false,
            }),
            ClientFrame::Presence(wish) => {
                log.watched = wish.watch;
                let connection = |member: &Member| member.connection.clone();
                let after = |member: &&Member| wish.after.is_none() || connection(member) > wish.after;
                let mut members: Vec<Member> = log.members.iter().filter(after).cloned().collect();
                let more = members.len() > 2;
                members.truncate(2);
                let next = members.last().filter(|_| more).and_then(connection);
                let (connections, users) = (log.members.len() as u64, 1);
                ServerFrame::Presence(PresenceList { id: wish.id, members, connections, users, next })
            }
            other => panic!("not expected: {other:?}"),
        })
    }

    fn publish(&self, log: &mut Log, publish: Publish, publisher: Option<PublisherId>) -> ServerFrame {
        let publisher = publish.publisher.or(publisher).unwrap();
        let last = log.last.entry(publisher).or_default();
        if publish.seq > *last + 1 {
            return ServerFrame::Behind(Behind { id: publish.id, last: *last });
        }
        let mut at = None;
        if publish.seq == *last + 1 {
            *last = publish.seq;
            let here = position(log.publications.len() + 1);
            log.publications.push(Publication {
                position: here,
                id: PublicationId::of(publisher, publish.seq),
                payload: publish.payload,
                user: None,
                missing: 0,
            });
            at = Some(here);
            self.tip.send_modify(|tip| *tip += 1);
        }
        ServerFrame::Published(Published { id: publish.id, position: at })
    }
}

fn position(offset: usize) -> Position {
    Position { offset: offset as u64, tag: Tag(7) }
}

fn welcome() -> Welcome {
    Welcome {
        connection: "c".into(),
        node: "n".into(),
        heartbeat_ms: 25_000,
        reconnect_spread_ms: 10,
        limits: Limits {
            message_bytes: 64 << 10,
            frames_per_message: 256,
            subscriptions: 10,
            settle_ms: 60_000,
            dedup_ms: 600_000,
        },
        user: None,
        token_expires_in_ms: None,
        ephemeral: Vec::new(),
        features: vec!["presence".into()],
    }
}

pub(crate) fn text(number: u32) -> Payload {
    Payload::Json(number.to_string().into_bytes().into())
}

/// Reads until so many publications have come, and fails on anything that is lost.
pub(crate) async fn read(subscription: &mut Subscription, count: usize) -> Vec<Payload> {
    let mut seen = Vec::new();
    while seen.len() < count {
        match subscription.next_event().await.expect("more events") {
            SubscriptionEvent::Publications { publications, .. } => {
                seen.extend(publications.into_iter().map(|one| one.payload));
            }
            SubscriptionEvent::Subscribed { .. } => {}
            other => panic!("not expected: {other:?}"),
        }
    }
    seen
}
