use std::collections::BTreeMap;

use tidewire_backbone::Retention;
use tidewire_protocol::{ChannelName, Payload, RefusalCode};

use crate::{PayloadSchema, Refusal};

use crate::tunnel::NODES;

/// The namespaces that a node knows. A channel of any other does not exist: forbidden.
#[derive(Clone, Debug, Default)]
pub struct Namespaces {
    /// By name.
    pub named: BTreeMap<String, NamespaceSettings>,
    /// For every name that is not in `named`; `None` forbids them.
    pub others: Option<NamespaceSettings>,
}

impl Namespaces {
    /// No names, and anything goes: for development and tests.
    pub fn open() -> Self {
        let anyone = NamespaceSettings {
            subscribe: Access::Anyone,
            publish: Access::Anyone,
            ..NamespaceSettings::default()
        };
        Self { named: BTreeMap::new(), others: Some(anyone) }
    }

    /// The settings of a channel's namespace. Nobody may enter the nodes' own, `_nodes`, whatever is configured.
    pub fn of(&self, channel: &ChannelName) -> Option<&NamespaceSettings> {
        let settings = self.named.get(channel.namespace()).or(self.others.as_ref());
        settings.filter(|_| channel.namespace() != NODES)
    }

    /// Whether any tells who is in its channels.
    pub fn any_has_presence(&self) -> bool {
        self.named.values().chain(&self.others).any(|settings| settings.presence)
    }

    /// The named namespaces whose publications a replica has before they are acknowledged.
    pub fn replicated(&self) -> impl Iterator<Item = &str> {
        let replicated = self.named.iter().filter(|(_, settings)| settings.acks == Acks::Replica);
        replicated.map(|(name, _)| name.as_str())
    }

    /// The named namespaces that keep no log.
    pub fn ephemeral(&self) -> Vec<String> {
        let ephemeral = self.named.iter().filter(|(_, settings)| settings.retention == Retention::None);
        ephemeral.map(|(name, _)| name.clone()).collect()
    }
}

/// What one namespace keeps and allows.
#[derive(Clone, Debug)]
pub struct NamespaceSettings {
    /// What its channels' logs keep.
    pub retention: Retention,
    /// Who has a publication when it is acknowledged. For whoever makes the backbone to obey.
    pub acks: Acks,
    /// Bytes of one publication's payload.
    pub payload_bytes: usize,
    /// What a publication's payload must look like; `None` takes any JSON and any bytes.
    pub schema: Option<PayloadSchema>,
    /// How its channels are named, parameters in braces: `chat:{room}`. For [`codegen`](crate::codegen) alone.
    pub pattern: Option<String>,
    /// Whether it is told who is in its channels.
    pub presence: bool,
    /// Who may subscribe, and read history and presence.
    pub subscribe: Access,
    /// Who may publish.
    pub publish: Access,
}

impl Default for NamespaceSettings {
    fn default() -> Self {
        Self {
            retention: Retention::DEFAULT,
            acks: Acks::Primary,
            payload_bytes: 32 << 10,
            schema: None,
            pattern: None,
            presence: false,
            subscribe: Access::Granted,
            publish: Access::Granted,
        }
    }
}

impl NamespaceSettings {
    /// Whether a payload may be published here.
    pub(crate) fn check(&self, payload: &Payload) -> Result<(), Refusal> {
        let (bytes, most) = (payload.bytes().len(), self.payload_bytes);
        if bytes > most {
            let reason = format!("the payload has {bytes} bytes, {most} are allowed here");
            return Err(Refusal::new(RefusalCode::TooLarge, reason));
        }
        let Some(schema) = &self.schema else {
            return match payload.is_well_formed() {
                true => Ok(()),
                false => Err(Refusal::new(RefusalCode::BadPayload, "the payload is not one JSON value")),
            };
        };
        schema.check(payload).map_err(|reason| Refusal::new(RefusalCode::BadPayload, reason))
    }
}

/// Who has a publication when it is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// The backbone's primary.
    Primary,
    /// A replica too.
    Replica,
}

/// Whom a namespace lets in; for a [`Policy`](crate::Policy) to obey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Whoever has a token that names the channel.
    Granted,
    /// Whoever has a token.
    Users,
    /// Anyone, anonymous or not.
    Anyone,
}
