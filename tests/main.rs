//! The integration tests, one binary: what is promised to people outside the crate.

mod protocol;
