//! What can be measured, each in a file: it brings its clients in, lets them do what they do, and
//! fills the report.

pub mod churn;
pub mod connect;
pub mod course;
pub mod durable;
pub mod fanout;
pub mod idle;
pub mod private;
pub mod slow;
