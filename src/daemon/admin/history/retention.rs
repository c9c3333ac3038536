//! How long messages are kept, in all rooms and in those with a rule of their own.

use std::time::Duration;

use axum::extract::State;
use axum::{Extension, Json};

use super::super::AdminState;
use super::super::change::Body;
use super::super::failure::Failure;
use super::super::patience::Patience;
use super::super::rights::Operator;
use super::failure::{HistoryFailures, bad_request};
use super::{Job, Order};
use crate::config;
use crate::hub::name::RoomName;
use crate::hub::refusal::Refusal;
use crate::store::{self, StoreError, StoreHandle};
use crate::wire::admin::history::{Retention, Retentions, RoomRetention, SetRetention};

/// Longest retention, in seconds: a hundred years, as in the config.
const AGE_S_MAX: u64 = 36_600 * 86_400;

/// How long messages are kept, and in which rooms otherwise.
#[utoipa::path(get, path = "/v1/rooms/retention", tag = "history", responses((status = 200, body = Retentions), HistoryFailures))]
pub(in super::super) async fn retentions(
    operator: Operator,
    State(state): State<AdminState>,
    Extension(patience): Extension<Patience>,
) -> Result<Json<Retentions>, Failure> {
    let common = common(&state.reloader.config().history);
    let order = Order {
        operator,
        state,
        patience: Some(patience),
        job: Job::Moment,
        action: "retentions",
        about: String::new(),
    };
    let rooms = order
        .carry_out(rooms, |rooms| format!("{} rooms", rooms.len()))
        .await?;
    Ok(Json(Retentions { common, rooms }))
}

/// Gives a room a retention of its own, or the common one again.
#[utoipa::path(put, path = "/v1/rooms/retention", tag = "history", request_body = SetRetention, responses((status = 200, body = Retentions), HistoryFailures))]
pub(in super::super) async fn set_retention(
    operator: Operator,
    State(state): State<AdminState>,
    Extension(patience): Extension<Patience>,
    wanted: Result<Body<SetRetention>, Failure>,
) -> Result<Json<Retentions>, Failure> {
    let common = common(&state.reloader.config().history);
    let mut order = Order {
        operator,
        state,
        patience: Some(patience),
        job: Job::Moment,
        action: "retention",
        about: String::new(),
    };
    let (room, retention) = order.read(wanted.and_then(|Body(wanted)| read(&wanted)))?;
    let work = move |store: &StoreHandle| {
        store.set_retention(&room, retention)?;
        rooms(store)
    };
    let rooms = order.carry_out(work, |_| String::new()).await?;
    Ok(Json(Retentions { common, rooms }))
}

/// What holds where a room has no rule of its own.
pub(super) fn common(config: &config::History) -> Retention {
    let age_s = Some(config.retention.as_secs()).filter(|&age| age > 0);
    let messages = Some(config.retention_messages as u64).filter(|&count| count > 0);
    Retention { age_s, messages }
}

fn rooms(store: &StoreHandle) -> Result<Vec<RoomRetention>, StoreError> {
    let rooms = store.retentions()?.into_iter();
    Ok(rooms
        .map(|(room, retention)| RoomRetention {
            room: room.to_string(),
            retention: Retention {
                age_s: retention.age.map(|age| age.as_secs()),
                messages: retention.messages,
            },
        })
        .collect())
}

type Wanted = (RoomName, Option<store::Retention>);

/// What is wanted, and how the log names it.
fn read(wanted: &SetRetention) -> Result<(Wanted, String), Failure> {
    let room = RoomName::parse(&wanted.room).map_err(Refusal::BadRoom)?;
    let retention = wanted.retention.map(checked).transpose()?;
    let about = format!("{room} {}", described(wanted.retention));
    Ok(((room, retention), about))
}

fn checked(wanted: Retention) -> Result<store::Retention, Failure> {
    let Retention { age_s, messages } = wanted;
    if age_s.is_some_and(|age| !(1..=AGE_S_MAX).contains(&age)) {
        let text = format!("age_s must be from 1 to {AGE_S_MAX}, or null for ever");
        return Err(bad_request(text));
    }
    if messages == Some(0) {
        return Err(bad_request("messages must be 1 or more, or null for all"));
    }
    Ok(store::Retention {
        age: age_s.map(Duration::from_secs),
        messages,
    })
}

fn described(retention: Option<Retention>) -> String {
    match retention {
        None => "as all others".to_owned(),
        Some(Retention {
            age_s: None,
            messages: None,
        }) => "for ever".to_owned(),
        Some(Retention { age_s, messages }) => {
            let age = age_s.map(|age| format!("{age} s"));
            let messages = messages.map(|count| format!("{count} messages"));
            let bounds: Vec<_> = age.into_iter().chain(messages).collect();
            bounds.join(", ")
        }
    }
}
