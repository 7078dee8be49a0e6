//! What the model's nodes do.

use tidewire_protocol::{
    Alias, Behind, ClientFrame, GoingAway, HistoryPage, Limits, Ping, Pong, Published, RefusalCode, Refused,
    Reset, ResetReason, Rewound, ServerFrame, Subscribe, Subscribed, UnsubscribeCode, Unsubscribed, Welcome,
};
use tidewire_session::LinkId;

use super::log::{Answer, Draft, Name};
use super::node::Sent;
use super::world::{Broken, CHANNELS, DEDUP_MS, Happening, SETTLE_MS, World, channel_name};

/// How many publications come with a subscribed frame, or in one message.
const REPLAY: usize = 3;

impl World {
    pub(super) fn node_hears(&mut self, client: usize, link: LinkId, frames: Vec<ClientFrame>) {
        let Some(node) = self.pipes.get(&(client, link)).map(|pipe| pipe.node) else { return };
        if !self.nodes[node].links.contains_key(&(client, link)) {
            return;
        }
        let mut answers = Vec::new();
        for frame in frames {
            self.answer(node, (client, link), frame, &mut answers);
        }
        // Together, or one by one: then a moving client hears of its channels from both nodes for a while.
        let together = if self.chance.once_in(2) { answers.len().max(1) } else { 1 };
        while !answers.is_empty() {
            let rest = answers.split_off(answers.len().min(together));
            self.send_down(client, link, answers);
            answers = rest;
        }
        self.at(self.now + 1, Happening::Relay { node });
    }

    fn answer(
        &mut self,
        node: usize,
        key: (usize, LinkId),
        frame: ClientFrame,
        answers: &mut Vec<ServerFrame>,
    ) {
        let server = self.nodes[node].server;
        match frame {
            ClientFrame::Hello(hello) => {
                self.nodes[node].links.get_mut(&key).unwrap().publisher = hello.publisher;
                answers.push(ServerFrame::Welcome(welcome(node)));
            }
            ClientFrame::Subscribe(subscribe) => answers.push(self.subscribed(node, key, &subscribe)),
            ClientFrame::Unsubscribe(unsubscribe) => {
                let channel = number_of(unsubscribe.channel.as_str());
                self.nodes[node].links.get_mut(&key).unwrap().subscriptions.remove(&channel);
                answers.push(ServerFrame::Unsubscribed(Unsubscribed {
                    alias: alias(node, channel),
                    code: UnsubscribeCode::Requested,
                    id: Some(unsubscribe.id),
                }));
            }
            ClientFrame::Publish(publish) => {
                let hello = self.nodes[node].links[&key].publisher;
                let draft = Draft {
                    publisher: publish.publisher.or(hello).unwrap(),
                    seq: publish.seq,
                    name: Name::of(&publish.payload),
                };
                let channel = number_of(publish.channel.as_str());
                answers.push(self.published(node, channel, draft, (publish.id, publish.force)));
            }
            ClientFrame::History(history) => {
                let log = &self.servers[server][number_of(history.channel.as_str())];
                let from = history.since.unwrap_or_else(|| log.back(history.limit as usize));
                let (reset, from) =
                    if log.holds(from) { (None, from) } else { (Some(ResetReason::Trimmed), log.base()) };
                let all: Vec<_> = log.after(from).unwrap().map(|entry| entry.publication()).collect();
                let more = history.since.is_some() && all.len() > REPLAY;
                answers.push(ServerFrame::History(HistoryPage {
                    id: history.id,
                    position: log.tip(),
                    publications: if more { all[..REPLAY].to_vec() } else { all },
                    reset,
                    more,
                }));
            }
            ClientFrame::Ping(_) => answers.push(ServerFrame::Pong(Pong {})),
            ClientFrame::Pong(_) | ClientFrame::Coalesce(_) => {}
            ClientFrame::Presence(_) | ClientFrame::Refresh(_) => panic!("not expected"),
        }
    }

    /// The newest offered position that the log holds, or else a reset.
    fn subscribed(&mut self, node: usize, key: (usize, LinkId), subscribe: &Subscribe) -> ServerFrame {
        let channel = number_of(subscribe.channel.as_str());
        let log = &self.servers[self.nodes[node].server][channel];
        let from = if subscribe.since.is_empty() {
            Some(log.back(subscribe.last as usize))
        } else {
            subscribe.since.iter().copied().find(|&offer| log.holds(offer))
        };
        let mut sent = Sent(vec![from.unwrap_or_else(|| log.tip())]);
        let mut replay = Vec::new();
        if let Some(from) = from {
            for entry in log.after(from).unwrap().take(self.chance.index(REPLAY + 1)) {
                replay.push(entry.publication());
                sent.0.push(entry.position);
            }
        }
        let reset = from.is_none().then_some(ResetReason::Trimmed);
        let position = log.tip();
        self.nodes[node].links.get_mut(&key).unwrap().subscriptions.insert(channel, sent);
        ServerFrame::Subscribed(Subscribed {
            id: subscribe.id,
            channel: subscribe.channel.clone(),
            alias: alias(node, channel),
            position,
            from,
            replay,
            reset,
        })
    }

    fn published(
        &mut self,
        node: usize,
        channel: usize,
        draft: Draft,
        (id, force): (tidewire_protocol::RequestId, bool),
    ) -> ServerFrame {
        let refuse = |code| ServerFrame::Refused(Refused { id, code, reason: String::new() });
        if draft.name.number % 19 == 7 {
            return refuse(RefusalCode::Forbidden);
        }
        if self.chance.once_in(30) {
            return refuse(RefusalCode::Unavailable);
        }
        if self.broken == Broken::AcknowledgesWhatIsNotTaken && self.chance.once_in(20) {
            return ServerFrame::Published(Published { id, position: None });
        }
        let answer = self.append(self.nodes[node].server, channel, draft, force);
        // The node never learns the log's answer.
        if self.chance.once_in(40) {
            return refuse(RefusalCode::Unavailable);
        }
        let position = match answer {
            Answer::Behind(last) => return ServerFrame::Behind(Behind { id, last }),
            Answer::Accepted(position) => Some(position),
            Answer::Old => None,
        };
        self.nodes[node].settle.push((channel, draft, self.now));
        ServerFrame::Published(Published { id, position })
    }

    /// Sends each subscription what follows the position that it was sent last.
    pub(super) fn relay(&mut self, node: usize) {
        let logs = &self.servers[self.nodes[node].server];
        let mut messages = Vec::new();
        for (&key, link) in &mut self.nodes[node].links {
            let mut frames = Vec::new();
            for (&channel, sent) in &mut link.subscriptions {
                let (log, alias) = (&logs[channel], alias(node, channel));
                let Some(coming) = log.after(sent.tip()) else {
                    sent.0 = vec![log.tip()];
                    let (position, reason) = (log.tip(), ResetReason::Trimmed);
                    frames.push(ServerFrame::Reset(Reset { alias, position, reason }));
                    continue;
                };
                for entry in coming.collect::<Vec<_>>() {
                    sent.0.push(entry.position);
                    let skipped = self.broken == Broken::SkipsEntries && self.chance.once_in(30);
                    let repeated = self.broken == Broken::RepeatsEntries && self.chance.once_in(30);
                    for _ in 0..usize::from(!skipped) + usize::from(repeated) {
                        frames.push(ServerFrame::Publication(entry.publication().delivered_as(alias)));
                    }
                }
            }
            messages.push((key, frames));
        }
        for ((client, link), mut frames) in messages {
            while !frames.is_empty() {
                let rest = frames.split_off(frames.len().min(REPLAY));
                self.send_down(client, link, frames);
                frames = rest;
            }
        }
    }

    /// The node learns which log server is the primary now: puts back what that lacks, then rewinds subscribers.
    pub(super) fn turn(&mut self, node: usize) {
        let server = self.servers.len() - 1;
        if !self.nodes[node].up || self.nodes[node].server == server {
            return;
        }
        self.nodes[node].server = server;
        let now = self.now;
        let mut mend: Vec<_> = self.nodes[node]
            .settle
            .iter()
            .filter(|(channel, draft, at)| {
                now < at + SETTLE_MS && !self.servers[server][*channel].ever.contains(&draft.name)
            })
            .map(|&(channel, draft, _)| (channel, draft, now))
            .collect();
        mend.sort_by_key(|(_, draft, _)| (draft.publisher, draft.seq));
        mend.dedup_by_key(|(_, draft, _)| draft.name);
        self.nodes[node].mend.extend(mend);
        self.mend(node);
        let logs = &self.servers[server];
        let mut messages = Vec::new();
        for (&key, link) in &mut self.nodes[node].links {
            let mut frames = Vec::new();
            for (&channel, sent) in &mut link.subscriptions {
                let (log, alias) = (&logs[channel], alias(node, channel));
                match sent.0.iter().rposition(|&position| log.holds(position)) {
                    Some(index) if index + 1 == sent.0.len() => {}
                    Some(index) => {
                        sent.0.truncate(index + 1);
                        let position = sent.tip();
                        if self.broken != Broken::DoesNotRewind {
                            frames.push(ServerFrame::Rewound(Rewound { alias, position }));
                        }
                    }
                    None => {
                        let (position, reason) = (log.tip(), ResetReason::RolledBack);
                        sent.0 = vec![position];
                        frames.push(ServerFrame::Reset(Reset { alias, position, reason }));
                    }
                }
            }
            messages.push((key, frames));
        }
        for ((client, link), frames) in messages.into_iter().filter(|(_, frames)| !frames.is_empty()) {
            self.send_down(client, link, frames);
        }
        self.at(self.now + 1, Happening::Relay { node });
    }

    pub(super) fn ping_all(&mut self, node: usize) {
        self.say_to_all(node, &ServerFrame::Ping(Ping {}));
    }

    /// The node says that it goes, and goes on: clients move, over links that overlap.
    pub(super) fn say_going_away(&mut self, node: usize) {
        let spread_ms = self.chance.between(0, 2_000) as u32;
        self.say_to_all(node, &ServerFrame::GoingAway(GoingAway { within_ms: 60_000, spread_ms }));
    }

    fn say_to_all(&mut self, node: usize, frame: &ServerFrame) {
        for (client, link) in self.nodes[node].links.keys().copied().collect::<Vec<_>>() {
            if self.nodes[node].links[&(client, link)].publisher.is_some() {
                self.send_down(client, link, vec![frame.clone()]);
            }
        }
    }
}

fn welcome(node: usize) -> Welcome {
    Welcome {
        connection: String::new(),
        node: node.to_string(),
        heartbeat_ms: 25_000,
        reconnect_spread_ms: 1_000,
        limits: Limits {
            message_bytes: 64 << 10,
            frames_per_message: 64,
            subscriptions: 100,
            settle_ms: SETTLE_MS as u32,
            dedup_ms: DEDUP_MS as u32,
        },
        user: None,
        token_expires_in_ms: None,
        ephemeral: Vec::new(),
        features: Vec::new(),
    }
}

fn alias(node: usize, channel: usize) -> Alias {
    Alias((node * 10 + channel) as u32)
}

fn number_of(channel: &str) -> usize {
    (0..CHANNELS).find(|&number| channel_name(number).as_str() == channel).unwrap()
}
