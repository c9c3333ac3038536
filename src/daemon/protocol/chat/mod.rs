//! The JSON protocol: stub until its folder is written.

pub mod old;
pub mod v1;

use super::{Dialect, Facts, Incoming};
use crate::hub::input::QuitReason;

/// One connection's state.
#[derive(Debug, Default)]
pub struct Session {}

impl Session {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn dialect(&self) -> Option<Dialect> {
        None
    }
    pub fn receive(&mut self, _bytes: &[u8], _facts: &Facts, _incoming: &mut Vec<Incoming>) {}
    pub fn on_reply(&mut self, _reply: &crate::hub::output::Reply) {}
    pub fn held_bytes(&self) -> usize {
        0
    }
}

pub fn greet(_facts: &Facts, _out: &mut Vec<u8>) {}

pub fn render_close(
    _dialect: Option<Dialect>,
    _facts: &Facts,
    _reason: &QuitReason,
    _out: &mut Vec<u8>,
) {
}
