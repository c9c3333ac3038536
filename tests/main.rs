//! All integration tests, in one binary: one link, one list.

#![allow(clippy::unwrap_used)] // here a panic is how a failure is told, in helpers too

mod hub;
