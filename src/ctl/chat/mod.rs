//! The client's side of the chat protocol (`hello`, v 1), without a screen: a connection, the login,
//! the requests that wait for their answers, and reconnecting. `join`, `send` and `tail` are built on it.

pub mod backoff;
pub mod connection;
pub mod keys;
pub mod link;
pub mod login;
pub mod nick;
pub mod outbox;
pub mod pace;
pub mod text;
