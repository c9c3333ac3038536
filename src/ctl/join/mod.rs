//! `chatctl join`: the chat itself. `input` reads what the user typed, `talk` holds the
//! conversation and decides, `view` writes lines for people; `terminal` and `lines` are the two
//! ways to a user, a prompt with editing and a pipe. This file ties them to the link and its loop.

pub mod complete;
pub mod input;
pub mod lines;
pub mod look;
pub mod run;
pub mod screen;
pub mod talk;
pub mod terminal;
pub mod view;

pub use run::run;
