use tidewire_protocol::{Position, ResetReason};

/// Publications that a subscription will not get. Told before what follows the gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// What came after the last publication is gone; the subscription goes on at the tip.
    Reset(ResetReason),
    /// So many publications of one publisher are lost; they may still turn up later, out of order.
    Missing {
        /// How many.
        count: u64,
        /// The publication before which they are missing.
        before: Position,
    },
}
