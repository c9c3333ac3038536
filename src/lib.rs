//! chatd, a chat service for machines that you run yourself. See ARCHITECTURE.md for the map.

pub mod config;
pub mod ctl;
pub mod daemon;
pub mod hub;
pub mod wire;
