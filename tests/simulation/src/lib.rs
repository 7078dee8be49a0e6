//! The promise, checked on the real code: sessions, nodes and logs in one thread, under a schedule of faults that a
//! seed decides, with all time made by the schedule.
//!
//! The promises and the faults are those of the executable model of delivery. What is not real: sockets are pipes
//! within the process, and the logs are those of [`tidewire_backbone::Faults`].

mod chance;

mod plan;
pub use plan::{Happening, Plan, Size, Step};

mod failure;
pub use failure::{Failure, Promise};

mod tally;
pub use tally::Tally;

mod book;
mod client;
mod happening;
mod judge;
mod link;
mod losses;
mod network;
mod node;
mod world;
pub use world::{Told, play};

mod search;
pub use search::{Found, search, shrink};
