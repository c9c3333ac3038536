//! One room: its name, its topic, who is in it.

use std::sync::Arc;

use super::charter::Charter;
use super::directory::Named;
use super::id::{SessionId, UserId};
use super::name::{Nick, RoomName};
use super::people::metadata::Metadata;
use super::time::UnixMillis;

/// A room is open while somebody is in it, or it has a topic, or something is set about it; the default room
/// always is.
#[derive(Debug)]
pub(super) struct Room {
    /// As whoever opened it wrote it.
    pub(super) name: RoomName,
    pub(super) topic: Option<Arc<str>>,
    /// By whom and when the topic was set, if since the start.
    pub(super) topic_by: Option<Box<(Nick, UnixMillis)>>,
    /// When it was opened; zero where that was before the start.
    pub(super) created_at: UnixMillis,
    /// In no order that means anything.
    pub(super) members: Vec<UserId>,
    /// The members' sessions that have group chat off, kept here so that speech in a room without
    /// any asks nobody.
    pub(super) deaf: Vec<SessionId>,
    pub(super) charter: Charter,
    /// Most rooms have none, and pay one word.
    pub(super) metadata: Option<Box<Metadata>>,
}

impl Named for Room {
    type Name = RoomName;

    fn name(&self) -> &RoomName {
        &self.name
    }

    fn name_mut(&mut self) -> &mut RoomName {
        &mut self.name
    }
}

impl Room {
    pub(super) fn new(name: RoomName) -> Self {
        Self {
            name,
            topic: None,
            topic_by: None,
            created_at: UnixMillis(0),
            members: Vec::new(),
            deaf: Vec::new(),
            charter: Charter::default(),
            metadata: None,
        }
    }
}
