//! The v1 dialect.
use super::Facts;
use crate::hub::event::Event;
use crate::hub::id::RequestId;
use crate::hub::output::Reply;
pub fn render_event(_facts: &Facts, _event: &Event, _out: &mut Vec<u8>) {}
pub fn render_reply(
    _facts: &Facts,
    _request: Option<&RequestId>,
    _reply: &Reply,
    _out: &mut Vec<u8>,
) {
}
pub fn render_ping(_out: &mut Vec<u8>) {}
