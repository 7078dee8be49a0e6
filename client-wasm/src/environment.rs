use tidewire_session::Wake;

use crate::browser::{DOCUMENT, Event, EventTarget, GLOBAL, Handler};

const OF_THE_GLOBAL: [&str; 3] = ["online", "offline", "pageshow"];
const OF_THE_DOCUMENT: [&str; 2] = ["visibilitychange", "resume"];

/// Listens to what the browser says of the network and the page, as far as there are any; until dropped.
pub(crate) struct Environment {
    handler: Handler,
}

impl Environment {
    pub(crate) fn new(hear: impl Fn(Wake) + 'static) -> Self {
        let handler = Handler::new(move |event: Event| {
            if let Some(wake) = wake(&event) {
                hear(wake);
            }
        });
        // Neither a worker nor Node has all of these.
        each(|target, name| drop(target.add_listener(name, handler.as_ref())));
        Self { handler }
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        each(|target, name| drop(target.remove_listener(name, self.handler.as_ref())));
    }
}

fn each(visit: impl Fn(&EventTarget, &str)) {
    GLOBAL.with(|global| OF_THE_GLOBAL.iter().for_each(|name| visit(global, name)));
    DOCUMENT.with(|document| {
        if let Some(document) = document {
            OF_THE_DOCUMENT.iter().for_each(|name| visit(document, name));
        }
    });
}

fn wake(event: &Event) -> Option<Wake> {
    match event.name().as_str() {
        "online" => Some(Wake::Online),
        "offline" => Some(Wake::Offline),
        "resume" => Some(Wake::Resumed),
        // Also told when a page is shown for the first time, which wakes nothing.
        "pageshow" => event.persisted().then_some(Wake::Resumed),
        _ => DOCUMENT.with(|document| {
            let hidden = document.as_ref()?.hidden();
            Some(if hidden { Wake::PageHidden } else { Wake::PageShown })
        }),
    }
}
