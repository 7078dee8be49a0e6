//! The generator: thousands of connections in one thread, at as little cost as can be.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use memchr::memmem::Finder;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Protocol, Socket, Type};

use crate::dialect::{Dialect, Greeting, Role};
use crate::stamp::{self, Carry, Stamp};
use crate::websocket;

/// Connections to a system, and what they receive.
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    members: Vec<Member>,
    dialect: Box<dyn Dialect>,
    nodes: Vec<SocketAddr>,
    /// The first of 127.0.0.0/8 that connections come from.
    source: u32,
    buffer: Vec<u8>,
    finder: Finder<'static>,
    /// Bytes received by connections that are live.
    received: u64,
    live: usize,
    lost: usize,
    /// What the server answered to publishers and meant no.
    refusals: Vec<String>,
}

struct Member {
    stream: Option<TcpStream>,
    role: Role,
    stage: Stage,
    carry: Carry,
    pending: Vec<u8>,
    /// Of a publisher: what has come of the server's next message.
    answers: Vec<u8>,
}

enum Stage {
    Connecting,
    /// What came before it was live, and how many times it has spoken.
    Greeting {
        heard: Vec<u8>,
        upgraded: bool,
        said: usize,
    },
    Live,
    Lost,
}

impl Crowd {
    /// Nobody yet.
    pub(crate) fn new(dialect: Box<dyn Dialect>, nodes: Vec<SocketAddr>) -> anyhow::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            members: Vec::new(),
            dialect,
            nodes,
            source: fresh_source(),
            buffer: vec![0; Carry::ROOM + 64 * 1024],
            finder: stamp::finder(),
            received: 0,
            live: 0,
            lost: 0,
            refusals: Vec::new(),
        })
    }

    /// Lets connections come from this address of 127.0.0.0/8 and the following ones.
    pub(crate) fn coming_from(mut self, first: Ipv4Addr) -> Self {
        self.source = u32::from(first);
        self
    }

    /// Connects all of these, at most `at_once` at one time, and waits until each is live. Their numbers among the
    /// members follow those that are there.
    pub(crate) fn join(
        &mut self,
        roles: impl IntoIterator<Item = Role>,
        at_once: usize,
    ) -> anyhow::Result<()> {
        let mut waiting: VecDeque<Role> = roles.into_iter().collect();
        let (all, before) = (waiting.len(), self.live);
        let mut joined = 0;
        let mut last = (self.live, Instant::now());
        while self.live - before < all {
            while joined - (self.live - before) < at_once
                && let Some(role) = waiting.pop_front()
            {
                self.connect(role)?;
                joined += 1;
            }
            self.turn(Duration::from_millis(100), |_, _| {})?;
            if self.lost > 0 {
                bail!("{} connections were lost while others connected", self.lost);
            }
            if self.live > last.0 {
                last = (self.live, Instant::now());
            }
            ensure!(
                last.1.elapsed() < PATIENCE,
                "{} of {all} are live, and nothing more happens",
                self.live - before
            );
        }
        Ok(())
    }

    /// How many connections are live.
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    /// How many connections were lost.
    pub(crate) fn lost(&self) -> usize {
        self.lost
    }

    /// The members whose connections were lost; they are forgotten.
    pub(crate) fn take_lost(&mut self) -> Vec<Role> {
        self.lost = 0;
        self.members
            .iter_mut()
            .filter(|member| matches!(member.stage, Stage::Lost) && member.stream.is_some())
            .map(|member| {
                member.stream = None;
                member.role.clone()
            })
            .collect()
    }

    /// What was refused so far.
    pub(crate) fn refusals(&self) -> &[String] {
        &self.refusals
    }

    /// Bytes received by live connections so far.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Publishes by a member.
    pub(crate) fn publish(&mut self, member: usize, channel: usize, seq: u64, payload: &[u8]) {
        let Some(member) = self.members.get_mut(member) else { return };
        self.dialect.publish(channel, seq, payload, &mut member.pending);
    }

    /// Sends what was published since the last turn.
    pub(crate) fn flush(&mut self, member: usize) {
        if let Some(member) = self.members.get_mut(member) {
            member.write();
        }
    }

    /// Waits for what arrives, at most so long, and passes on who received which stamp.
    pub(crate) fn turn(
        &mut self,
        at_most: Duration,
        mut delivered: impl FnMut(&Role, Stamp),
    ) -> anyhow::Result<()> {
        match self.poll.poll(&mut self.events, Some(at_most)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        for event in &self.events {
            let Some(member) = self.members.get_mut(event.token().0) else { continue };
            if event.is_writable() {
                if matches!(member.stage, Stage::Connecting) {
                    let node = self.nodes[member.role.node];
                    member.pending.extend(self.dialect.upgrade(node));
                    member.stage = Stage::Greeting { heard: Vec::new(), upgraded: false, said: 0 };
                }
                member.write();
            }
            if !event.is_readable() {
                continue;
            }
            while let Some(stream) = &mut member.stream {
                let count = match stream.read(&mut self.buffer[Carry::ROOM..]) {
                    Ok(0) => None,
                    Ok(count) => Some(count),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(_) => None,
                };
                let Some(count) = count else {
                    if !matches!(member.stage, Stage::Lost) {
                        self.live -= usize::from(matches!(member.stage, Stage::Live));
                        self.lost += 1;
                        member.stage = Stage::Lost;
                    }
                    break;
                };
                let read = &mut self.buffer[..Carry::ROOM + count];
                if matches!(member.stage, Stage::Live) {
                    self.received += count as u64;
                    let role = &member.role;
                    if role.channel.is_some() {
                        member.carry.read(&self.finder, read, |stamp| delivered(role, stamp));
                    } else {
                        member.answers.extend_from_slice(&read[Carry::ROOM..]);
                        while let Some(message) = websocket::take_message(&mut member.answers)? {
                            self.refusals.extend(self.dialect.refusals(&message)?);
                        }
                    }
                } else {
                    member.hear(&read[Carry::ROOM..], &*self.dialect)?;
                    self.live += usize::from(matches!(member.stage, Stage::Live));
                }
                // A read that did not fill the buffer took all; what comes later is another event.
                if count < self.buffer.len() - Carry::ROOM {
                    break;
                }
            }
        }
        Ok(())
    }

    fn connect(&mut self, role: Role) -> anyhow::Result<()> {
        let number = self.members.len();
        let source = Ipv4Addr::from(self.source + u32::try_from(number / PER_ADDRESS)?);
        let node = self.nodes[role.node];
        let mut stream =
            connection(source, node).with_context(|| format!("cannot connect from {source} to {node}"))?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(number), interest)?;
        self.members.push(Member {
            stream: Some(stream),
            role,
            stage: Stage::Connecting,
            carry: Carry::default(),
            pending: Vec::new(),
            answers: Vec::new(),
        });
        Ok(())
    }
}

impl Member {
    fn hear(&mut self, bytes: &[u8], dialect: &dyn Dialect) -> anyhow::Result<()> {
        let Stage::Greeting { heard, upgraded, said } = &mut self.stage else { return Ok(()) };
        heard.extend_from_slice(bytes);
        let mut message = None;
        if !*upgraded {
            let Some(head) = websocket::take_http_head(heard) else { return Ok(()) };
            ensure!(
                head.starts_with(b"HTTP/1.1 101"),
                "no upgrade: {}",
                String::from_utf8_lossy(&head).lines().next().unwrap_or_default()
            );
            *upgraded = true;
        } else {
            message = websocket::take_message(heard)?;
            if message.is_none() {
                return Ok(());
            }
        }
        loop {
            match dialect.greet(&self.role, *said, message.as_deref())? {
                Greeting::Say(bytes) => {
                    *said += 1;
                    self.pending.extend(bytes);
                }
                Greeting::Wait => {}
                Greeting::Live => {
                    self.stage = Stage::Live;
                    return Ok(());
                }
            }
            message = websocket::take_message(heard)?;
            if message.is_none() {
                self.write();
                return Ok(());
            }
        }
    }

    fn write(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        while !self.pending.is_empty() {
            match stream.write(&self.pending) {
                Ok(written) if written == self.pending.len() => self.pending = Vec::new(),
                Ok(written) => drop(self.pending.drain(..written)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // A lost connection is noticed by reading.
                Err(_) => return,
            }
        }
    }
}

/// Addresses that no crowd before had: closed connections keep their ports for a minute.
fn fresh_source() -> u32 {
    static CROWDS: AtomicU32 = AtomicU32::new(0);
    let process = 16 + std::process::id() % 200;
    (127 << 24 | process << 16) + (CROWDS.fetch_add(1, Ordering::Relaxed) % 1_000) * 64 + 1
}

fn connection(from: Ipv4Addr, to: SocketAddr) -> anyhow::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    match socket.connect(&to.into()) {
        Ok(()) => {}
        // EINPROGRESS
        Err(error) if error.raw_os_error() == Some(115) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(TcpStream::from_std(socket.into()))
}

/// How many connections come from one address.
const PER_ADDRESS: usize = 10_000;
/// How long nothing may happen.
const PATIENCE: Duration = Duration::from_secs(20);
