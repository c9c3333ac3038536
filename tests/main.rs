//! Everything that is tested from outside the crate, as one binary.

#![allow(clippy::unwrap_used)] // here a panic is how a failure is told, in helpers too

mod hub;
mod protocol;
