//! What holds for every frame and both codecs.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "all of this crate is tests, also what they share"
)]

mod any;
mod fuzz;
mod golden;
mod growth;
mod names;
mod positions;
mod protocol_md;
mod robustness;
mod round_trip;
mod samples;
