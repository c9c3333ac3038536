//! The old dialect.
use super::Facts;
use crate::hub::event::Event;
use crate::hub::output::Reply;
pub fn render_event(_facts: &Facts, _event: &Event, _out: &mut Vec<u8>) {}
pub fn render_reply(_facts: &Facts, _reply: &Reply, _out: &mut Vec<u8>) {}
