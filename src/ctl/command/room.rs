//! `chatctl room`: what is set about a room, who has a role there, its name and its topic; how long its messages are
//! kept is in `retention`.

use anyhow::Result;

use super::user::escaped;
use super::{observe, retention};
use crate::ctl::admin_client::Admin;
use crate::ctl::args;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::join::input::room as room_name;
use crate::ctl::password;
use crate::ctl::remark::remark;
use crate::ctl::render::{self, Output};
use crate::wire::admin::moderation::{
    RenameRoom, Role, RoleOf, RoomInfo, SetRole, SetRoom, Setting,
};
use crate::wire::admin::{Done, Room, Rooms, Topic};

/// Carries out a `room` command.
///
/// # Errors
/// As [`Admin::get`]; exit 4 when there is no such room.
pub async fn run(admin: &Admin, output: Output, command: &args::Room) -> Result<()> {
    match command {
        args::Room::List => observe::rooms(admin, output).await,
        args::Room::Show { room } => show(admin, output, &room_name(room)).await,
        args::Room::Set {
            room,
            setting,
            value,
        } => set(admin, output, room_name(room), setting, value).await,
        args::Room::Rename { room, to, reason } => {
            let request = RenameRoom {
                room: room_name(room),
                to: room_name(to),
                reason: reason.clone(),
            };
            let done: Done = admin.put("/v1/room/name", &request).await?;
            render::sentence(output, &done, &done.done)
        }
        args::Room::Role { room, nick, role } => {
            let request = SetRole {
                room: room_name(room),
                nick: nick.clone(),
                role: (*role).into(),
            };
            let done: Done = admin.put("/v1/room/role", &request).await?;
            render::sentence(output, &done, &done.done)
        }
        args::Room::Retention(wanted) => retention::run(admin, output, wanted).await,
        args::Room::Topic {
            room,
            text: None,
            clear: false,
        } => show_topic(admin, output, &room_name(room)).await,
        args::Room::Topic { room, text, .. } => {
            let request = Topic {
                room: room_name(room),
                text: text.clone().unwrap_or_default(),
            };
            let done: Done = admin.put("/v1/topic", &request).await?;
            render::sentence(output, &done, &done.done)
        }
    }
}

async fn show(admin: &Admin, output: Output, room: &str) -> Result<()> {
    let info: RoomInfo = admin
        .get(&format!("/v1/room?room={}", escaped(room)))
        .await?;
    let mut fields = vec![
        ("room", info.room.clone()),
        ("users", info.members.to_string()),
        ("topic", info.topic.clone().unwrap_or_default()),
    ];
    for Setting { setting, value } in &info.settings {
        fields.push((setting, value.clone()));
    }
    for RoleOf { nick, role } in &info.roles {
        fields.push((role_name(*role), nick.clone()));
    }
    render::record(output, &info, &fields)
}

async fn set(
    admin: &Admin,
    output: Output,
    room: String,
    setting: &str,
    value: &str,
) -> Result<()> {
    let value = match (setting, value) {
        ("key", "-") => password::first_line()?.0,
        ("key", value) if value != "off" => {
            let text = "what is on the command line others can see: give - in place of the key, and the key on stdin";
            return Err(Failure::new(Exit::Usage, text).into());
        }
        (_, value) => value.to_owned(),
    };
    let request = SetRoom {
        room,
        setting: setting.to_owned(),
        value,
    };
    let done: Done = admin.put("/v1/room", &request).await?;
    render::sentence(output, &done, &done.done)
}

/// As the protocols call it.
pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::None => "none",
        Role::Voiced => "voiced",
        Role::Operator => "operator",
        Role::Owner => "owner",
    }
}

async fn show_topic(admin: &Admin, output: Output, name: &str) -> Result<()> {
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
