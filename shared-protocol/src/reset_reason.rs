use crate::numbered::numbered;

numbered! {
    /// Why a subscriber's place in a log is gone.
    pub enum ResetReason {
        /// The log no longer retains what follows the position: too many or too old.
        Trimmed = 1, "trimmed";
        /// The log went back, in a failover, and what it lost could not be put back.
        RolledBack = 2, "rolled_back";
        /// The log is another one: it was lost and begun anew, or the position is of another channel.
        Replaced = 3, "replaced";
    }
}

crate::growing::always_there!(ResetReason);
