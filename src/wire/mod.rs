//! What travels between chatd and its own clients: the chat protocol, its framing, the admin API.
//! Plain data and pure functions; knows nothing else of the crate.

pub mod admin;
pub mod chat;
pub mod fields;
pub mod frame;
pub mod hidden;
pub mod terminal;
