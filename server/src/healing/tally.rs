use parking_lot::Mutex;
use tidewire_protocol::ChannelName;

/// What was healed since it was told last, so that a failover makes a line and not one for each channel.
#[derive(Default)]
pub(crate) struct Tally(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    healed: u64,
    forced: u64,
    missing: u64,
    given_up: u64,
    /// One of the channels.
    example: Option<ChannelName>,
}

impl Tally {
    /// An entry was appended again; so many seqs before it are missing for good.
    pub(super) fn healed(&self, channel: &ChannelName, missing: u64) {
        metrics::counter!("tidewire_healed_total").increment(1);
        let mut counts = self.0.lock();
        counts.healed += 1;
        counts.missing += missing;
        if missing > 0 {
            metrics::counter!("tidewire_healed_by_force_total").increment(1);
            counts.forced += 1;
        }
        counts.example.get_or_insert_with(|| channel.clone());
    }

    /// So many entries are in no log, and this node will not append them.
    pub(crate) fn gave_up(&self, channel: &ChannelName, entries: usize) {
        if entries > 0 {
            metrics::counter!("tidewire_unhealable_total").increment(entries as u64);
            let mut counts = self.0.lock();
            counts.given_up += entries as u64;
            counts.example.get_or_insert_with(|| channel.clone());
        }
    }

    /// Writes a line if there is something to say; `behind` entries are still to be appended.
    pub(crate) fn tell(&self, behind: usize) {
        let Counts { healed, forced, missing, given_up, example } = std::mem::take(&mut *self.0.lock());
        let Some(example) = example else { return };
        if given_up + missing > 0 {
            tracing::error!(
                healed, forced, missing, given_up, behind, channel = %example,
                "the log lost acknowledged publications, as in a failover; not all could be appended again, and \
                 subscribers are told which are missing"
            );
        } else {
            tracing::warn!(
                healed, behind, channel = %example,
                "the log lost acknowledged publications, as in a failover; they were appended again, nothing is lost"
            );
        }
    }
}
