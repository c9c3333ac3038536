//! The admin API over a real socket, with an engine that only answers questions.

mod api;
mod fake;
mod rights;
