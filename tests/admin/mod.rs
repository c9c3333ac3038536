//! The admin API over a real socket: with an engine that only answers questions, and for the history with a real
//! daemon.

mod accounts;
mod api;
mod fake;
mod history;
mod moderation;
mod rights;
