use serde::{Deserialize, Serialize};

use crate::codec::binary::{Reader, Value, Writer};

/// A client's number for a request; its answer carries the same. 0 stands for no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u32);

/// A node's short number for a channel, the same for all its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Alias(pub u32);

impl Value for RequestId {
    fn write(&self, writer: &mut Writer<'_>) {
        self.0.write(writer);
    }
    fn read(reader: &mut Reader<'_>) -> Self {
        Self(u32::read(reader))
    }
}

impl Value for Alias {
    fn write(&self, writer: &mut Writer<'_>) {
        self.0.write(writer);
    }
    fn read(reader: &mut Reader<'_>) -> Self {
        Self(u32::read(reader))
    }
}

crate::growing::always_there!(RequestId, Alias);
