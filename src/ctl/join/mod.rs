//! `chatctl join`: the chat itself. `input` reads what the user typed, `talk` holds the
//! conversation and decides, `view` writes lines for people; `terminal` and `lines` are the two
//! ways to the `user`, a prompt with editing and a pipe. `page` writes what was said earlier; `order` and
//! `told` are the commands that keep order, and what is told of it.
//! `entrance` logs in, `run` is the loop that ties all to the link, `react` what follows from what
//! comes over it.

pub mod complete;
pub mod entrance;
pub mod input;
pub mod lines;
pub mod look;
pub mod order;
pub mod page;
mod react;
pub mod run;
pub mod screen;
pub mod talk;
pub mod terminal;
pub mod told;
pub mod user;
pub mod view;

pub use run::run;
