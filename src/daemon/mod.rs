//! The daemon: build, serve, drain.

pub mod clock;
pub mod engine;
mod listener;
pub mod protocol;
pub mod transport;
