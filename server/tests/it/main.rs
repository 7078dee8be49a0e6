//! The server's behaviour, a file for each part of it: over real sockets, spoken to in the protocol's JSON, on a
//! backbone in memory.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod binary;
mod edge;
mod fallible;
mod harness;
mod http;
mod shared_client;
mod tunnel_client;

mod admin;
mod chaos;
mod cli;
mod coalescing;
mod config;
mod drain_command;
mod draining;
mod failovers;
mod gate;
mod greeting;
mod healing;
mod http_api;
mod isolation;
mod liveness;
mod metrics;
mod origin;
mod policy;
mod presence;
mod presence_info;
mod publishers;
mod refusing;
mod resuming;
mod schemas;
mod serve;
mod shared;
mod shared_crowd;
mod shared_limits;
mod slow_consumer;
mod subscribing;
mod sweeping;
mod switches;
mod token;
mod tunnel;
mod websocket;
