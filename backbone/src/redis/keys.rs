use tidewire_protocol::ChannelName;

use super::cluster::slot;

/// The names that a backbone uses in Redis. All of one channel share a hash tag, so they share a cluster slot.
#[derive(Clone)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// Whether a channel's keys share a slot: not where the prefix begins a hash tag that it does not end.
    pub(super) fn share_slots(&self) -> bool {
        self.prefix.split_once('{').is_none_or(|(_, rest)| rest.find('}').is_some_and(|length| length > 0))
    }

    /// A channel's keys, in the order in which the scripts know them: tip, log, old.
    pub(super) fn of(&self, channel: &ChannelName) -> [String; 3] {
        [self.tip(channel), self.log(channel), self.old(channel)]
    }

    /// The hash of the tip and the young publishers.
    fn tip(&self, channel: &ChannelName) -> String {
        format!("{}tip:{{{channel}}}", self.prefix)
    }

    /// The stream of the entries.
    fn log(&self, channel: &ChannelName) -> String {
        format!("{}log:{{{channel}}}", self.prefix)
    }

    /// The hash of the older publishers.
    fn old(&self, channel: &ChannelName) -> String {
        format!("{}old:{{{channel}}}", self.prefix)
    }

    /// The keys of who is in a channel, in the order in which the scripts know them: members, names, users, leases.
    pub(super) fn presence(&self, channel: &ChannelName) -> [String; 4] {
        ["members", "names", "users", "leases"].map(|part| format!("{}{part}:{{{channel}}}", self.prefix))
    }

    /// What says which of the Redises this is.
    pub(super) fn place(&self, home: &ChannelName) -> String {
        format!("{}place:{{{home}}}", self.prefix)
    }

    /// The key of the nodes' leases, which is where this channel's would be.
    pub(super) fn leases(&self, home: &ChannelName) -> String {
        format!("{}nodes:{{{home}}}", self.prefix)
    }

    /// Every key that a channel may have, for who moves them together.
    pub(super) fn all(&self, channel: &ChannelName) -> Vec<String> {
        let mut keys = Vec::from(self.of(channel));
        keys.extend(self.presence(channel));
        keys.extend([self.leases(channel), self.place(channel)]);
        keys
    }

    /// The cluster slot that all of a channel's keys are in.
    pub(super) fn slot(&self, channel: &ChannelName) -> u16 {
        match self.prefix.contains('{') {
            // The prefix has the hash tag.
            true => slot(&self.live(channel)),
            false => slot(channel.as_str()),
        }
    }

    /// The pub/sub channel.
    pub(super) fn live(&self, channel: &ChannelName) -> String {
        format!("{}live:{{{channel}}}", self.prefix)
    }

    /// The pub/sub channel on which one node probes its own subscriptions.
    pub(super) fn probe(&self, node: u64) -> String {
        format!("{}probe:{node:016x}", self.prefix)
    }

    /// The channel whose pub/sub channel this is.
    pub(super) fn channel(&self, live: &[u8]) -> Option<ChannelName> {
        let live = std::str::from_utf8(live).ok()?;
        live.strip_prefix(self.prefix.as_str())?.strip_prefix("live:{")?.strip_suffix('}')?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_of_a_channel_share_a_slot() {
        let channel: ChannelName = "chat:a:b".parse().unwrap();
        for prefix in ["tidewire:", "{all}:", "odd}:"] {
            let keys = Keys::new(prefix);
            assert!(keys.share_slots());
            for key in keys.all(&channel).iter().chain([&keys.live(&channel)]) {
                assert_eq!(slot(key), keys.slot(&channel), "{key}");
            }
        }
    }

    #[test]
    fn half_a_hash_tag_would_part_them() {
        for prefix in ["half{", "{}:", "}{:"] {
            assert!(!Keys::new(prefix).share_slots(), "{prefix}");
        }
    }

    #[test]
    fn a_live_channel_names_its_channel() {
        let keys = Keys::new("tidewire:");
        let channel: ChannelName = "chat:a:b".parse().unwrap();
        assert_eq!(keys.live(&channel), "tidewire:live:{chat:a:b}");
        assert_eq!(keys.channel(keys.live(&channel).as_bytes()), Some(channel));
        assert_eq!(keys.channel(keys.probe(1).as_bytes()), None);
    }
}
