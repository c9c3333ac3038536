//! The daemon: build, serve, drain.

pub mod engine;
pub mod protocol;
