//! What can be measured, each in a file: it brings its clients in, lets them do what they do, and
//! fills the report.

pub mod connect;
pub mod fanout;
pub mod idle;
