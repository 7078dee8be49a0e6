use tidewire_session::Wake;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen::JsCast;
use web_sys::{Document, Event, EventTarget, PageTransitionEvent, VisibilityState};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = document)]
    static DOCUMENT: Option<Document>;
    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    static GLOBAL: EventTarget;
}

const OF_THE_GLOBAL: [&str; 3] = ["online", "offline", "pageshow"];
const OF_THE_DOCUMENT: [&str; 2] = ["visibilitychange", "resume"];

/// Listens to what the browser says of the network and the page, as far as there are any; until dropped.
pub(crate) struct Environment {
    listener: Closure<dyn Fn(Event)>,
}

impl Environment {
    pub(crate) fn new(hear: impl Fn(Wake) + 'static) -> Self {
        let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            if let Some(wake) = wake(&event) {
                hear(wake);
            }
        });
        let callback = listener.as_ref().unchecked_ref();
        // Neither a worker nor Node has all of these.
        each(|target, name| {
            let _ = target.add_event_listener_with_callback(name, callback);
        });
        Self { listener }
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        let callback = self.listener.as_ref().unchecked_ref();
        each(|target, name| {
            let _ = target.remove_event_listener_with_callback(name, callback);
        });
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
    match event.type_().as_str() {
        "online" => Some(Wake::Online),
        "offline" => Some(Wake::Offline),
        "resume" => Some(Wake::Resumed),
        // Also told when a page is shown for the first time, which wakes nothing.
        "pageshow" => event.unchecked_ref::<PageTransitionEvent>().persisted().then_some(Wake::Resumed),
        "visibilitychange" => DOCUMENT.with(|document| {
            let hidden = document.as_ref()?.visibility_state() == VisibilityState::Hidden;
            Some(if hidden { Wake::PageHidden } else { Wake::PageShown })
        }),
        _ => None,
    }
}
