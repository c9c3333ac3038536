//! The daemon: build, serve, drain.

pub mod clock;
mod connection;
pub mod engine;
mod listener;
pub mod protocol;
pub mod transport;
