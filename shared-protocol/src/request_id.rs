use serde::{Deserialize, Serialize};

/// A client's number for a request; its answer carries the same. 0 stands for no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u32);

/// A node's short number for a channel, the same for all its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Alias(pub u32);

crate::growing::always_there!(RequestId, Alias);
