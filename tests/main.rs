//! All integration tests, as one binary: it links once, and shares `support`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod admin;
mod config;
mod ctl;
mod daemon;
mod hub;
mod protocol;
mod support;
mod tidy;
