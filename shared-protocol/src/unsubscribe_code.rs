use crate::numbered::numbered;

numbered! {
    /// Why a subscription ended.
    pub enum UnsubscribeCode {
        /// The client asked for it.
        Requested = 1, "requested";
        /// The new token, or a changed policy, does not allow it.
        Forbidden = 2, "forbidden";
        /// The application ended it.
        Removed = 3, "removed";
    }
}

crate::growing::always_there!(UnsubscribeCode);
