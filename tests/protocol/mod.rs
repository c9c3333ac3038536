//! The chat protocol as its clients see it: transcripts against the real hub and the real protocol
//! sessions, without sockets; and streams of any bytes, cut anywhere.

#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets what it did not expect fails there and then"
)]

mod chat_streams;
mod irc_login;
mod irc_streams;
mod reader;
mod stage;
mod transcript;
mod transcripts;
