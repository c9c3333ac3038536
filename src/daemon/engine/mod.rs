//! The engine: the one task that owns the hub and every outbox.

pub mod handle;
