//! `chatctl room`: show, set or clear a room's topic; how long its messages are kept is in `retention`.

use anyhow::Result;

use super::retention;
use crate::ctl::admin_client::Admin;
use crate::ctl::args;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::join::input::room as room_name;
use crate::ctl::remark::remark;
use crate::ctl::render::{self, Output};
use crate::wire::admin::{Done, Room, Rooms, Topic};

/// Carries out a `room` command.
///
/// # Errors
/// As [`Admin::get`]; exit 4 when there is no such room.
pub async fn run(admin: &Admin, output: Output, command: &args::Room) -> Result<()> {
    let (room, text, clear) = match command {
        args::Room::Topic { room, text, clear } => (room, text, clear),
        args::Room::Retention(wanted) => return retention::run(admin, output, wanted).await,
    };
    let room = room_name(room);
    if !clear && text.is_none() {
        return show(admin, output, &room).await;
    }
    let request = Topic {
        room,
        text: text.clone().unwrap_or_default(),
    };
    let done: Done = admin.put("/v1/topic", &request).await?;
    render::sentence(output, &done, &done.done)
}

async fn show(admin: &Admin, output: Output, name: &str) -> Result<()> {
    let rooms: Rooms = admin.get("/v1/rooms").await?;
    let Some(room) = find(&rooms.rooms, name) else {
        let text = format!("there is no room {name}; `chatctl rooms` lists those there are");
        return Err(Failure::new(Exit::NotFound, text).into());
    };
    let topic = room.topic.clone().unwrap_or_default();
    if output == Output::Table && topic.is_empty() {
        remark(&format!("{name} has no topic"));
        return Ok(());
    }
    render::sentence(output, room, &topic)
}

/// By name; the daemon folds more than case, but whoever lists rooms sees the name to write.
fn find<'a>(rooms: &'a [Room], name: &str) -> Option<&'a Room> {
    let exact = rooms.iter().find(|room| room.room == name);
    exact.or_else(|| {
        let folded = name.to_lowercase();
        rooms.iter().find(|room| room.room.to_lowercase() == folded)
    })
}
