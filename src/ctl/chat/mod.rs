//! The client's side of the chat protocol (`hello`, v 1), without a screen: a connection, the login,
//! the requests that wait for their answers, reconnecting, and telling what was heard already. `join`,
//! `send`, `tail`, `history` and `search` are built on it.

pub mod backoff;
pub mod connection;
pub mod conversation;
pub mod delivery;
pub mod event;
pub mod keys;
pub mod link;
pub mod login;
pub mod message_ids;
pub mod nick;
pub mod outbox;
pub mod pace;
pub mod proof;
pub mod question;
pub mod text;
mod turn;
