//! Keeping order: rules about who may come and speak (bans, mutes, exemptions, standing invitations), and what
//! is set about a room. Plain data and questions about it; who may change it is for [`permission`], whether
//! it happens now for `decide`, and who remembers it over a restart for the registry.
//!
//! [`permission`]: super::permission

pub mod request;
pub mod room;
pub mod rule;
mod rules;
pub mod subject;
pub mod words;

pub use rules::PER_ROOM_MAX;
pub(super) use rules::{RULES_MAX, Rules};
