//! How requests name what was said and whom they are for: targets, keys, ids, times, bounds of a page, the other side of a conversation.

use chrono::DateTime;

use super::request::{nick, room, wrong};
use crate::daemon::protocol::chat::complaint::Complaint;
use crate::hub::command::{Command, MessageKind, Target};
use crate::hub::history::{ClientMsgId, PAGE_MAX, Partner, Range};
use crate::hub::id::{MessageId, UserKey};
use crate::wire::chat::{Bounds, ClientBody, Kind};
use crate::wire::fields::Field;

/// Messages of a page when the client does not say how many.
const PAGE_DEFAULT: usize = 50;

const ID_OR_TIME: &str = "a message id, or a time such as 2026-11-23T09:00:00Z";

/// What a `join` asks for beside entering the room.
pub(super) struct Backlog {
    of: Result<Partner, Complaint>,
    last: Option<u64>,
    since: Option<String>,
}

impl Backlog {
    /// `None` for any other request, and for a `join` that asks for nothing. It needs copies, because
    /// the request is used up by the joining.
    pub(super) fn of(body: &ClientBody<'_>) -> Option<Self> {
        let ClientBody::Join {
            room: name,
            last,
            since,
            ..
        } = body
        else {
            return None;
        };
        if last.is_none() && since.is_none() {
            return None;
        }
        Some(Self {
            of: room(name).map(Partner::Room),
            last: *last,
            since: since.as_deref().map(str::to_owned),
        })
    }

    pub(super) fn command(self) -> Result<Command, Complaint> {
        let since = lower_bound(Field::Since, self.since.as_deref())?;
        let limit = match (self.last, since) {
            (None, Some(_)) => PAGE_MAX,
            (last, _) => page_limit(Field::Last, last)?,
        };
        Ok(Command::History {
            of: self.of?,
            range: since.map_or(Range::Latest, Range::After),
            limit,
        })
    }
}

/// The bounds of a page.
pub(super) fn range(bounds: &Bounds<'_>, around: Option<&str>) -> Result<Range, Complaint> {
    let (before, after) = (
        upper(bounds.before.as_deref())?,
        lower(bounds.after.as_deref())?,
    );
    if let Some(around) = around {
        if before.is_some() || after.is_some() {
            return Err(wrong(Field::Around, "alone, without `before` and `after`"));
        }
        let middle = match id_or_time(Field::Around, around)? {
            Moment::Id(id) => id,
            Moment::Time(unix_ms) => MessageId::first_at(unix_ms),
        };
        return Ok(Range::Around(middle));
    }
    Ok(match (after, before) {
        (None, None) => Range::Latest,
        (None, Some(before)) => Range::Before(before),
        (Some(after), None) => Range::After(after),
        (Some(after), Some(before)) => Range::Between(after, before),
    })
}

/// Above which id, if it is said.
pub(super) fn lower(after: Option<&str>) -> Result<Option<MessageId>, Complaint> {
    lower_bound(Field::After, after)
}

/// A time stands for all ids that it could have, so what is after it begins with the first of them.
fn lower_bound(field: Field, text: Option<&str>) -> Result<Option<MessageId>, Complaint> {
    let Some(text) = text else {
        return Ok(None);
    };
    Ok(Some(match id_or_time(field, text)? {
        Moment::Id(id) => id,
        Moment::Time(unix_ms) => MessageId(MessageId::first_at(unix_ms).0.saturating_sub(1)),
    }))
}

/// Below which id, if it is said.
pub(super) fn upper(before: Option<&str>) -> Result<Option<MessageId>, Complaint> {
    let Some(text) = before else {
        return Ok(None);
    };
    Ok(Some(match id_or_time(Field::Before, text)? {
        Moment::Id(id) => id,
        Moment::Time(unix_ms) => MessageId::first_at(unix_ms),
    }))
}

enum Moment {
    Id(MessageId),
    /// Milliseconds since the Unix epoch.
    Time(u64),
}

fn id_or_time(field: Field, text: &str) -> Result<Moment, Complaint> {
    if let Some(id) = storable(text) {
        return Ok(Moment::Id(id));
    }
    DateTime::parse_from_rfc3339(text)
        .ok()
        .and_then(|time| u64::try_from(time.timestamp_millis()).ok())
        .filter(|&unix_ms| unix_ms < TIME_MS_MAX)
        .map(Moment::Time)
        .ok_or_else(|| wrong(field, ID_OR_TIME))
}

/// A message's id.
pub(super) fn message_id(field: Field, text: &str) -> Result<MessageId, Complaint> {
    storable(text).ok_or_else(|| wrong(field, "a message id"))
}

/// An id that some message may have: a signed number holds it, as databases have them.
fn storable(text: &str) -> Option<MessageId> {
    MessageId::parse(text).filter(|id| i64::try_from(id.0).is_ok())
}

/// In the year 2248 ids have used up their bits.
const TIME_MS_MAX: u64 = 1 << 43;

pub(super) fn own_id(text: &str) -> Result<ClientMsgId, Complaint> {
    ClientMsgId::new(text).ok_or_else(|| wrong(Field::ClientMsgid, "a string of 1 to 64 bytes"))
}

pub(super) fn page_limit(field: Field, limit: Option<u64>) -> Result<usize, Complaint> {
    let Some(limit) = limit else {
        return Ok(PAGE_DEFAULT);
    };
    usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=PAGE_MAX).contains(limit))
        .ok_or_else(|| wrong(field, "a number from 1 to 1000"))
}

/// The other side of a conversation: `#room` or `@nick`.
pub(super) fn partner(of: &str) -> Result<Partner, Complaint> {
    if let Some(whom) = of.strip_prefix('@') {
        return Ok(Partner::User(nick(whom)?));
    }
    if of.starts_with('#') {
        return Ok(Partner::Room(room(of)?));
    }
    Err(wrong(
        Field::Of,
        "a room such as #lobby or a user such as @ana",
    ))
}

pub(super) fn target(to: &str) -> Result<Target, Complaint> {
    if let Some(whom) = to.strip_prefix('@') {
        return Ok(Target::User(nick(whom)?));
    }
    if to.starts_with('#') {
        return Ok(Target::Room(room(to)?));
    }
    Err(wrong(
        Field::To,
        "a room such as #lobby or a user such as @ana",
    ))
}

/// Reads a key as `login` wrote it: 32 hexadecimal digits.
pub(super) fn user_key(text: &str) -> Result<UserKey, Complaint> {
    let is_key = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_key
        .then(|| u128::from_str_radix(text, 16).ok().map(UserKey))
        .flatten()
        .ok_or_else(|| wrong(Field::Key, "the 32 hexadecimal digits of a login answer"))
}

pub(super) fn hub_kind(kind: Kind) -> MessageKind {
    match kind {
        Kind::Text => MessageKind::Text,
        Kind::Action => MessageKind::Action,
        Kind::Notice => MessageKind::Notice,
    }
}
