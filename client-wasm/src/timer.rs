use std::cell::RefCell;

use tidewire_session::Timestamp;
use wasm_bindgen::{JsCast, JsValue};

use crate::browser::{Event, Handler, NodeTimer, clear_timeout, set_timeout};

/// The longest time that `setTimeout` takes; what is later takes several rounds.
const LONGEST_MS: u64 = i32::MAX as u64;

/// One timer, for the session's deadline.
pub(crate) struct Timer {
    ring: Handler,
    set: RefCell<Option<(Timestamp, JsValue)>>,
}

impl Timer {
    pub(crate) fn new(ring: impl Fn() + 'static) -> Self {
        Self { ring: Handler::new(move |_: Event| ring()), set: RefCell::new(None) }
    }

    /// Rings at `due` or earlier. A timer that would ring too early is left as it is: most deadlines move away
    /// with each message, and an early tick is cheaper than a new timer each time.
    pub(crate) fn set(&self, now: Timestamp, due: Option<Timestamp>) {
        let Some(due) = due else { return self.clear() };
        if self.set.borrow().as_ref().is_some_and(|(set, _)| *set <= due) {
            return;
        }
        self.clear();
        let ms = due.ms_since(now).min(LONGEST_MS);
        let handle = set_timeout(self.ring.as_ref(), ms as f64);
        // In Node a timer would keep the process alive.
        if handle.is_object() {
            handle.unchecked_ref::<NodeTimer>().unref();
        }
        *self.set.borrow_mut() = Some((now.after_ms(ms), handle));
    }

    /// Notes that it rang; gives when it should have.
    pub(crate) fn rang(&self) -> Option<Timestamp> {
        self.set.borrow_mut().take().map(|(due, _)| due)
    }

    fn clear(&self) {
        if let Some((_, handle)) = self.set.borrow_mut().take() {
            clear_timeout(&handle);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clear();
    }
}
