use tidewire_protocol::{
    ClientFrame, Codec, Heard, Limits, MessageLimits, ServerFrame, Welcome, codec::binary,
};
use tidewire_wasm::{Driver, Host};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/tests/it/stage.js")]
extern "C" {
    #[wasm_bindgen(js_name = Stage)]
    pub(crate) type Props;
    #[wasm_bindgen(constructor, js_class = "Stage")]
    fn new() -> Props;
    #[wasm_bindgen(method)]
    fn host(this: &Props) -> Host;
    #[wasm_bindgen(method)]
    pub(crate) fn count(this: &Props) -> u32;
    #[wasm_bindgen(method)]
    pub(crate) fn opens(this: &Props) -> String;
    #[wasm_bindgen(method)]
    fn receives(this: &Props, bytes: &[u8]);
    #[wasm_bindgen(method)]
    pub(crate) fn receives_text(this: &Props, text: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn closes(this: &Props, code: u16, reason: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn is_deaf(this: &Props) -> bool;
    #[wasm_bindgen(method)]
    pub(crate) fn close_codes(this: &Props) -> String;
    #[wasm_bindgen(method)]
    fn sent(this: &Props) -> Vec<u8>;
    #[wasm_bindgen(method)]
    fn heard(this: &Props) -> Vec<u8>;
    #[wasm_bindgen(method)]
    pub(crate) fn page(this: &Props, target: &str, name: &str);
    #[wasm_bindgen(method)]
    pub(crate) async fn until_sockets(this: &Props, count: u32) -> wasm_bindgen::JsValue;
    #[wasm_bindgen(method)]
    fn leave(this: &Props);
}

/// A driver, the sockets that it opens, and what it tells.
pub(crate) struct Stage {
    pub(crate) props: Props,
    pub(crate) driver: Driver,
}

impl Stage {
    pub(crate) fn at(url: &str) -> Self {
        let props = Props::new();
        let driver = Driver::new(url.to_owned(), "web/test".to_owned(), props.host());
        Self { props, driver }
    }

    /// Connected and welcomed, with everything heard until then forgotten.
    pub(crate) fn live() -> Self {
        let stage = Self::at("ws://localhost/v1/connect");
        stage.driver.connect();
        stage.driver.token(None);
        stage.props.opens();
        stage.receives(&[welcome()]);
        assert!(matches!(stage.sent().as_slice(), [ClientFrame::Hello(_), ..]));
        while !stage.heard().is_empty() {}
        stage
    }

    pub(crate) fn receives(&self, frames: &[ServerFrame]) {
        let mut message = Vec::new();
        frames.iter().for_each(|frame| Codec::Binary.encode(frame, &mut message));
        self.props.receives(&message);
    }

    pub(crate) fn receives_bytes(&self, bytes: &[u8]) {
        self.props.receives(bytes);
    }

    /// The frames of the next message that was sent; none where there is none.
    pub(crate) fn sent(&self) -> Vec<ClientFrame> {
        let heard = binary::decode(&self.props.sent(), MessageLimits::NONE).unwrap();
        heard
            .into_iter()
            .map(|heard| match heard {
                Heard::Frame(frame) => frame,
                Heard::UnknownKind(kind) => panic!("frame of kind {kind}"),
            })
            .collect()
    }

    /// The next batch that was told, as it is packed; empty where there is none.
    pub(crate) fn heard(&self) -> Vec<u8> {
        self.props.heard()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.driver.close();
        self.props.leave();
    }
}

pub(crate) fn welcome() -> ServerFrame {
    ServerFrame::Welcome(Welcome {
        connection: "c-1".to_owned(),
        node: "n-1".to_owned(),
        heartbeat_ms: 25_000,
        reconnect_spread_ms: 1,
        limits: Limits {
            message_bytes: 65_536,
            frames_per_message: 512,
            subscriptions: 256,
            settle_ms: 60_000,
            dedup_ms: 600_000,
        },
        user: None,
        token_expires_in_ms: None,
        ephemeral: Vec::new(),
        features: Vec::new(),
    })
}
