use std::collections::HashMap;
use std::sync::Arc;

use super::crossing::Crossing;
use super::map::Map;
use crate::BackboneError;
use crate::redis::RedisHost;
use crate::redis::primary::Primary;
use crate::redis::trouble::Trouble;

/// A map, and the links to those who are on it.
pub(super) struct Routes {
    pub(super) map: Map,
    /// Those that have slots, or get some.
    pub(super) primaries: HashMap<RedisHost, Arc<Primary>>,
    /// For each slot that migrates.
    pub(super) crossings: HashMap<u16, Arc<Crossing>>,
    /// Why there is no map.
    pub(super) trouble: Option<Trouble>,
}

impl Routes {
    pub(super) fn none() -> Self {
        Self { map: Map::empty(), primaries: HashMap::new(), crossings: HashMap::new(), trouble: None }
    }

    /// Whether it is known who has what, or that it cannot be before a configuration is mended.
    pub(super) fn verdict(&self) -> Option<Result<(), BackboneError>> {
        match self.map.is_whole() {
            true => Some(Ok(())),
            false => self.trouble.as_ref()?.verdict().map(Err),
        }
    }

    /// The primary that has a slot.
    pub(super) fn of_slot(&self, slot: u16) -> Option<(&RedisHost, &Arc<Primary>)> {
        self.primaries.get_key_value(self.map.owner(slot)?)
    }
}
