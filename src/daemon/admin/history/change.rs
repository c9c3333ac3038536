//! What takes long and concerns the whole: looking for damage, and deleting messages without a trace.

use std::ops::ControlFlow;

use axum::extract::State;
use axum::{Extension, Json};

use super::super::AdminState;
use super::super::change::Body;
use super::super::failure::Failure;
use super::super::patience::Patience;
use super::super::rights::Operator;
use super::bound::Bound;
use super::failure::{HistoryFailures, bad_request};
use super::{Job, Order, messages, named};
use crate::hub::history::{Partner, Stored};
use crate::hub::id::MessageId;
use crate::store::{ExportFilter, Selection, StoreError, StoreHandle};
use crate::wire::admin::history::{Checked, Delete, Deleted};

/// Ids that are told one by one in the log.
const IDS_TOLD_MAX: usize = 20;

/// Reads the history from end to end and looks for damage and contradictions.
#[utoipa::path(post, path = "/v1/history/check", tag = "history", responses((status = 200, body = Checked), HistoryFailures))]
pub(in super::super) async fn check(
    operator: Operator,
    State(state): State<AdminState>,
    Extension(patience): Extension<Patience>,
) -> Result<Json<Checked>, Failure> {
    let order = Order {
        operator,
        state: state.clone(),
        patience: Some(patience),
        job: Job::Check,
        action: "check",
        about: String::new(),
    };
    let report = order
        .carry_out(StoreHandle::check, move |report| {
            let now = state.daemon.clock.now().unix;
            state.history.noted().check = Some((now, report.is_sound()));
            match report.complaints.len() {
                0 => "sound".to_owned(),
                count => format!("not sound, {count} complaints"),
            }
        })
        .await?;
    Ok(Json(Checked {
        is_sound: report.is_sound(),
        complaints: report.complaints,
        schema: report.schema,
        messages: report.messages,
        conversations: report.conversations,
        authors: report.authors,
        in_log: report.in_log,
    }))
}

/// Deletes messages without a trace: by id, or all of which everything given is true.
#[utoipa::path(post, path = "/v1/history/delete", tag = "history", request_body = Delete, responses((status = 200, body = Deleted), HistoryFailures))]
pub(in super::super) async fn delete(
    operator: Operator,
    State(state): State<AdminState>,
    Extension(patience): Extension<Patience>,
    delete: Result<Body<Delete>, Failure>,
) -> Result<Json<Deleted>, Failure> {
    let dry_run = delete.as_ref().is_ok_and(|Body(delete)| delete.dry_run);
    let mut order = Order {
        operator,
        state,
        patience: Some(patience),
        job: Job::Change,
        action: if dry_run { "count" } else { "delete" },
        about: String::new(),
    };
    let read = delete.and_then(|Body(delete)| Ok((selection(&delete)?, about(&delete))));
    let selection = order.read(read)?;
    let work = move |store: &StoreHandle| {
        if dry_run {
            count(store, &selection)
        } else {
            store.delete(&selection)
        }
    };
    let messages = order.carry_out(work, |count| messages(*count)).await?;
    Ok(Json(Deleted { messages, dry_run }))
}

fn selection(delete: &Delete) -> Result<Selection, Failure> {
    let Delete {
        ids,
        room,
        with,
        from,
        after,
        before,
        dry_run: _,
    } = delete;
    let has_range = [room, with, from, after, before]
        .iter()
        .any(|it| it.is_some());
    match (ids.is_empty(), has_range) {
        (true, false) => Err(bad_request(
            "say what to delete: ids, or one or more of room, with, from, after and before",
        )),
        (false, true) => Err(bad_request("ids stand alone")),
        (false, false) => {
            let parsed = ids.iter().map(|id| MessageId::parse(id)).collect();
            let ids: Option<Vec<_>> = parsed;
            ids.map(Selection::Ids)
                .ok_or_else(|| bad_request("ids must be msgids, of 13 characters each"))
        }
        (true, true) => {
            let after = Bound::read("after", after.as_deref())?;
            let before = Bound::read("before", before.as_deref())?;
            Ok(Selection::Range {
                of: partner(room.as_deref(), with.as_deref())?,
                from: named::nick(from.as_deref())?,
                after: after.map(Bound::after),
                before: before.map(Bound::before),
            })
        }
    }
}

fn partner(room: Option<&str>, with: Option<&str>) -> Result<Option<Partner>, Failure> {
    match (named::room(room)?, named::nick(with)?) {
        (Some(_), Some(_)) => Err(bad_request("room and with exclude each other")),
        (Some(room), None) => Ok(Some(Partner::Room(room))),
        (None, with) => Ok(with.map(Partner::User)),
    }
}

/// All of it is parsed by now: names, ids and times.
fn about(delete: &Delete) -> String {
    if !delete.ids.is_empty() {
        let (first, rest) = delete.ids.split_at(delete.ids.len().min(IDS_TOLD_MAX));
        let more = match rest.len() {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        return format!("{}{more}", first.join(" "));
    }
    let criteria = [
        ("room", &delete.room),
        ("with", &delete.with),
        ("from", &delete.from),
        ("after", &delete.after),
        ("before", &delete.before),
    ];
    let given: Vec<String> = criteria
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)))
        .collect();
    given.join(", ")
}

/// How many messages a selection has.
fn count(store: &StoreHandle, selection: &Selection) -> Result<u64, StoreError> {
    match selection {
        Selection::Ids(ids) => {
            let mut found = 0;
            for id in ids {
                let before = MessageId(id.0.saturating_sub(1));
                found += count_in(store, &None, (Some(before), Some(*id)), |it| it.id == *id)?;
            }
            Ok(found)
        }
        Selection::Range {
            of,
            from,
            after,
            before,
        } => {
            let upto = before.map(|id| MessageId(id.0.saturating_sub(1)));
            count_in(store, of, (*after, upto), |it| {
                from.as_ref().is_none_or(|from| it.from.nick == *from)
            })
        }
    }
}

/// By reading them: the store has no other way to count, and deleting reads them too.
fn count_in(
    store: &StoreHandle,
    of: &Option<Partner>,
    (since, until): (Option<MessageId>, Option<MessageId>),
    is_meant: impl Fn(&Stored) -> bool,
) -> Result<u64, StoreError> {
    let filter = ExportFilter {
        of: of.clone(),
        everything: true,
        since,
        until,
    };
    let mut count = 0;
    store.export(&filter, &mut |message| {
        count += u64::from(is_meant(message));
        ControlFlow::Continue(())
    })?;
    Ok(count)
}
