//! All integration tests, as one binary: it links once, and shares `support`.

mod daemon;
mod hub;
mod support;
mod tidy;
