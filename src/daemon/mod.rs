//! The daemon: build, serve, drain.

pub mod admin;
pub mod clock;
pub mod engine;
pub mod inherited;
pub mod instance;
pub mod logging;
pub mod metrics;
pub mod nofile;
pub mod protocol;
pub mod reload;
pub mod signals;
pub mod state;
pub mod systemd;
