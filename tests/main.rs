//! The integration tests, one binary: each module tells how chatd or chatctl is used.

mod ctl;
