//! The contract, kept by memory and by Redis; and what Redis may suffer.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod address;
mod cluster;
mod encrypted_cluster;
mod faults;
mod memory;
mod permissions;
mod redis;
mod replicas;
mod sentinel;
mod shards;
mod starting;
mod tls;
mod undisturbed;
