use std::cell::RefCell;
use std::rc::{Rc, Weak};

use tidewire_session::{Input, LinkEvent, LinkId, Output, Session, Timestamp, Wake};

use crate::Host;
use crate::clock::Clock;
use crate::environment::Environment;
use crate::packed::Packed;
use crate::socket::Socket;
use crate::timer::Timer;

/// How late a timer must ring before that means that the machine slept or the page was frozen.
const LATE_MS: u64 = 5_000;

/// A session with its edges. Whatever happens comes through [`Conversation::handle`], one input after the other:
/// the host only takes notes, so nothing comes back in while one is handled.
pub(crate) struct Conversation {
    url: String,
    host: Host,
    clock: Clock,
    session: RefCell<Session>,
    /// The open link, and while the session moves to another node also the one before.
    sockets: RefCell<Vec<(LinkId, Socket)>>,
    timer: Timer,
    environment: RefCell<Option<Environment>>,
    this: Weak<Self>,
}

impl Conversation {
    pub(crate) fn new(url: String, host: Host, session: Session) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| {
            let timer = this.clone();
            Self {
                url,
                host,
                clock: Clock::new(),
                session: RefCell::new(session),
                sockets: RefCell::default(),
                timer: Timer::new(move || {
                    if let Some(conversation) = timer.upgrade() {
                        conversation.tick();
                    }
                }),
                environment: RefCell::default(),
                this: this.clone(),
            }
        })
    }

    /// Begins to listen to what the browser says of the network and the page.
    pub(crate) fn watch(&self) {
        let this = self.this.clone();
        self.environment.borrow_mut().get_or_insert_with(|| {
            Environment::new(move |wake| {
                if let Some(conversation) = this.upgrade() {
                    conversation.handle(Input::Wake(wake));
                }
            })
        });
    }

    /// Listens no more.
    pub(crate) fn look_away(&self) {
        self.environment.borrow_mut().take();
    }

    /// Tells the session what happened, and does what it then wants.
    pub(crate) fn handle(&self, input: Input) {
        let now = self.clock.now();
        if self.clock.jumped() {
            self.session.borrow_mut().handle(now, Input::Wake(Wake::ClockJumped));
        }
        self.session.borrow_mut().handle(now, input);
        self.obey(now);
    }

    fn tick(&self) {
        let now = self.clock.now();
        if self.timer.rang().is_some_and(|due| now.ms_since(due) > LATE_MS) {
            self.session.borrow_mut().handle(now, Input::Wake(Wake::ClockJumped));
        }
        self.handle(Input::Tick);
    }

    fn obey(&self, now: Timestamp) {
        let mut packed = Packed::new(now);
        while let Some(output) = self.next() {
            match output {
                Output::FetchToken => packed.fetch_token(),
                Output::Notify(event) => packed.event(event),
                Output::Open(link) => self.open(now, link),
                Output::Send(link, frames) => {
                    if let Some((_, socket)) = self.sockets.borrow().iter().find(|(id, _)| *id == link) {
                        socket.send(&frames);
                    }
                }
                Output::Close(link, code) => {
                    if let Some(socket) = self.take(link) {
                        socket.close(code);
                    }
                }
            }
        }
        self.timer.set(now, self.session.borrow().deadline().map(|(due, _)| due));
        if !packed.bytes().is_empty() {
            self.tell(&packed);
        }
    }

    /// Hands events to the host.
    pub(crate) fn tell(&self, packed: &Packed) {
        self.host.events(packed.bytes());
    }

    fn next(&self) -> Option<Output> {
        self.session.borrow_mut().poll()
    }

    fn open(&self, now: Timestamp, link: LinkId) {
        let this = self.this.clone();
        let hear = move |event: LinkEvent| {
            let Some(conversation) = this.upgrade() else { return };
            // Kept until the end: this function is part of the socket that it drops.
            let _closed = matches!(event, LinkEvent::Closed { .. }).then(|| conversation.take(link));
            conversation.handle(Input::Link(link, event));
        };
        match Socket::open(&self.url, hear) {
            Ok(socket) => self.sockets.borrow_mut().push((link, socket)),
            Err(event) => self.session.borrow_mut().handle(now, Input::Link(link, event)),
        }
    }

    fn take(&self, link: LinkId) -> Option<Socket> {
        let mut sockets = self.sockets.borrow_mut();
        let at = sockets.iter().position(|(id, _)| *id == link)?;
        Some(sockets.swap_remove(at).1)
    }
}
