use std::ops::AddAssign;

macro_rules! tally {
    ($($(#[$doc:meta])* $field:ident),* $(,)?) => {
        /// How much has happened, so that a search which saw nothing is not taken for one that found nothing.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Tally {
            $($(#[$doc])* pub $field: u64,)*
        }

        impl AddAssign for Tally {
            fn add_assign(&mut self, other: Self) {
                $(self.$field += other.$field;)*
            }
        }
    };
}

tally! {
    /// Publications that applications made.
    published,
    /// Publications that were acknowledged.
    acknowledged,
    /// Publications that applications were shown.
    shown,
    /// Subscriptions that became live, for the first time or again.
    subscribed,
    /// Gaps that were told because a place was gone.
    resets,
    /// Gaps that were told because seqs are missing.
    missing,
    /// Rewinds that connections were told.
    rewinds,
    /// Failovers and losses of everything.
    failovers,
    /// Entries that these lost.
    rolled_back,
    /// Acknowledged publications among them that came back into the log.
    healed,
    /// Acknowledged publications that were lost while nobody alive had them.
    excused,
    /// Nodes that crashed.
    crashes,
    /// Links that were opened.
    links,
    /// Milliseconds that passed in the worlds.
    milliseconds,
}
