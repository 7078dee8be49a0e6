//! Who joined and left on this node, until the backbone knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tidewire_backbone::{Attendee, Lease};

use super::Channel;
use crate::connection::{Connection, ConnectionId};

/// What a channel has to report; nothing in a namespace without presence.
///
/// Bounded by the connections that are or lately were subscribed: of each there is one note, the last.
#[derive(Default)]
pub(super) struct Attendance(Mutex<State>);

#[derive(Default)]
struct State {
    notes: BTreeMap<ConnectionId, Note>,
    /// The reporter has the channel, and comes back for more.
    under_way: bool,
    /// All subscribers are entered under this term, or noted.
    noted: u32,
    /// The same, and reported.
    entered: u32,
}

#[derive(Clone)]
enum Note {
    Entered(Arc<Connection>),
    Left,
}

/// What one report says.
pub(crate) struct Notes {
    /// Under which lease.
    pub(crate) lease: Lease,
    pub(crate) entered: Vec<Attendee>,
    pub(crate) left: Vec<String>,
    noted: u32,
    notes: BTreeMap<ConnectionId, Note>,
}

impl Channel {
    /// Whether the channel tells who is there.
    pub(crate) fn has_presence(&self) -> bool {
        self.attendance.is_some()
    }

    /// A connection is here now, or is another user's picture of itself.
    pub(crate) fn enters(self: &Arc<Self>, connection: &Arc<Connection>) {
        self.note(connection.id, Note::Entered(connection.clone()));
    }

    pub(super) fn leaves(self: &Arc<Self>, connection: ConnectionId) {
        self.note(connection, Note::Left);
    }

    /// Notes all who are here once more: the backbone may have forgotten them.
    pub(crate) fn enter_all(self: &Arc<Self>) {
        let Some(attendance) = &self.attendance else { return };
        let state = self.state.lock();
        let mut attendance = attendance.0.lock();
        attendance.noted = self.scope.register.lease().term;
        for subscriber in state.subscribers.values() {
            let connection = &subscriber.connection;
            attendance.notes.insert(connection.id, Note::Entered(connection.clone()));
        }
        self.hand_over(&mut attendance);
    }

    /// Whether what was to be entered under a lease's term is.
    pub(crate) fn has_entered_all(&self, lease: Lease) -> bool {
        self.attendance.as_ref().is_none_or(|attendance| {
            let attendance = attendance.0.lock();
            attendance.entered >= lease.term || (attendance.notes.is_empty() && !attendance.under_way)
        })
    }

    /// Whether there is something to report yet.
    pub(super) fn is_to_report(&self) -> bool {
        self.attendance.as_ref().is_some_and(|attendance| attendance.0.lock().under_way)
    }

    /// What is to be reported next; `None`: nothing, and the channel hands itself over again when there is.
    pub(crate) fn take_notes(&self) -> Option<Notes> {
        let mut state = self.attendance.as_ref()?.0.lock();
        if state.notes.is_empty() {
            state.entered = state.noted;
            state.under_way = false;
            return None;
        }
        let lease = self.scope.register.lease();
        let notes = std::mem::take(&mut state.notes);
        let (mut entered, mut left) = (Vec::new(), Vec::new());
        for (id, note) in &notes {
            match note {
                Note::Entered(connection) => entered.push(attendee(lease, connection)),
                Note::Left => left.push(lease.connection(id.0)),
            }
        }
        Some(Notes { lease, entered, left, noted: state.noted.min(lease.term), notes })
    }

    /// A report is done.
    pub(crate) fn noted(&self, notes: Notes) {
        if let Some(attendance) = &self.attendance {
            let mut state = attendance.0.lock();
            state.entered = state.entered.max(notes.noted);
        }
    }

    /// A report may have failed; what was noted since counts more.
    pub(crate) fn put_back(&self, notes: Notes) {
        if let Some(attendance) = &self.attendance {
            let mut state = attendance.0.lock();
            for (id, note) in notes.notes {
                state.notes.entry(id).or_insert(note);
            }
        }
    }

    fn note(self: &Arc<Self>, connection: ConnectionId, note: Note) {
        let Some(attendance) = &self.attendance else { return };
        let mut state = attendance.0.lock();
        state.notes.insert(connection, note);
        self.hand_over(&mut state);
    }

    fn hand_over(self: &Arc<Self>, state: &mut State) {
        if !std::mem::replace(&mut state.under_way, true) {
            self.scope.register.report(self.clone());
        }
    }
}

fn attendee(lease: Lease, connection: &Connection) -> Attendee {
    let identity = connection.greeted().map(|greeted| greeted.identity);
    Attendee {
        connection: lease.connection(connection.id.0),
        user: identity.as_ref().and_then(|identity| identity.user.clone()),
        info: identity.as_ref().and_then(|identity| identity.info.clone()),
    }
}
