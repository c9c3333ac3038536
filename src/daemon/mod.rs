//! The daemon: build, serve, drain.

pub mod clock;
pub mod engine;
pub mod protocol;
pub mod transport;
