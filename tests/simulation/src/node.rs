use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tidewire_backbone::{Faults, FaultyBackbone, Retention};
use tidewire_protocol::ChannelName;
use tidewire_server::{AllowAll, Drain, NamespaceSettings, Namespaces, Node, Server, Settings, Switches};

use crate::Size;
use crate::book::Number;

/// A place for a node, which may crash and be started again.
pub(crate) struct Place {
    /// The number of its start, in the whole world.
    pub(crate) start: usize,
    pub(crate) node: Node,
    pub(crate) backbone: Arc<FaultyBackbone>,
    pub(crate) health: Health,
    pub(crate) is_draining: bool,
    /// Whether the backbone's news reach it.
    pub(crate) hears_news: bool,
    /// What it acknowledged, and when last.
    pub(crate) acknowledged: BTreeMap<Number, u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    Up,
    /// It cannot reach the backbone.
    Alone,
    Crashed,
}

impl Place {
    /// Starts a node.
    pub(crate) fn start(start: usize, faults: &Faults, size: &Size, switches: Switches) -> Self {
        let (backbone, arrivals) = faults.node();
        let backbone = Arc::new(backbone);
        let builder = Server::builder(settings(start, size)).switches(switches);
        let server = builder.backbone(backbone.clone(), arrivals).policy(Arc::new(AllowAll)).build();
        Self {
            start,
            node: server.node(),
            backbone,
            health: Health::Up,
            is_draining: false,
            hears_news: true,
            acknowledged: BTreeMap::new(),
        }
    }

    /// Nothing more comes from it. What it was about to tell the backbone is lost.
    pub(crate) fn crash(&mut self) {
        self.health = Health::Crashed;
        self.backbone.go_down();
        // Its tasks would go on for ever; without backbone and clients nobody notices how they end.
        let node = self.node.clone();
        tokio::spawn(async move { node.drain(Duration::ZERO, Duration::ZERO).await });
    }

    /// What it could append to a log again for at least so long.
    pub(crate) fn keeps(
        &self,
        channel: &ChannelName,
        least: u64,
    ) -> Vec<(tidewire_protocol::PublisherId, u64)> {
        let kept = self.node.keeps(channel);
        kept.into_iter().filter(|kept| kept.2 >= least).map(|(publisher, seq, _)| (publisher, seq)).collect()
    }
}

fn settings(start: usize, size: &Size) -> Settings {
    let dedup = Duration::from_millis(size.dedup);
    let mut settings = Settings {
        node: format!("node {start}"),
        namespaces: Namespaces::open(),
        heartbeat: HEARTBEAT,
        reconnect_spread: Duration::from_millis(200),
        settle: Duration::from_millis(size.settle),
        dedup,
        linger: Duration::from_millis(size.linger),
        drain: Drain { within: Duration::from_secs(2), spread: Duration::from_millis(100) },
        backbone_patience: Duration::from_millis(size.patience),
        shards: Some(NonZeroUsize::MIN),
        ..Settings::default()
    };
    let retention =
        Retention::Log { entries: size.retention, bytes: 1 << 20, age: Duration::from_secs(300), dedup };
    settings.namespaces.others =
        settings.namespaces.others.map(|others| NamespaceSettings { retention, ..others });
    settings.limits.ring_bytes = size.ring;
    settings.limits.settle_entries = size.settling;
    settings.limits.outbox_bytes = size.outbox;
    settings.limits.replay_bytes = size.replay;
    settings.limits.arrivals_in_doubt = size.in_doubt;
    settings
}

const HEARTBEAT: Duration = Duration::from_secs(5);
