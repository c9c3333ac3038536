//! All integration tests, as one binary: it links once, and shares `support`.

mod config;
mod daemon;
mod hub;
mod protocol;
mod support;
mod tidy;
