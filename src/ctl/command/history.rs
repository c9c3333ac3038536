//! `chatctl history`: what was said in a room or to a user, read without entering. Asks for one page
//! after another until there are as many messages as wanted. How messages are written here is what
//! `search` writes too.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::send::log_in;
use crate::ctl::args::{History, Identity as Who};
use crate::ctl::chat::question::{Asker, NO_HISTORY};
use crate::ctl::chat::{event, nick};
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::join::input;
use crate::ctl::join::look::Look;
use crate::ctl::join::page::Page;
use crate::ctl::join::view::View;
use crate::ctl::locate::Server;
use crate::ctl::remark::remark;
use crate::ctl::render::{self, Output};
use crate::wire::chat::{Bounds, ClientBody, Kept, ServerMessage};

/// How long each answer may take unless `--timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Most messages that a server gives at once.
pub(super) const PAGE_MAX: u64 = 1000;

/// What was found, by rising id.
#[derive(Debug, Default, Serialize)]
pub(super) struct Told {
    /// Of which conversation, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    pub messages: Vec<Kept>,
    /// There are more than were asked for.
    pub further: bool,
}

/// Shows a conversation.
///
/// # Errors
/// A failure by the contract of exit codes.
pub async fn run(
    args: &History,
    server: Server,
    output: Output,
    limit: Option<Duration>,
) -> Result<()> {
    let of = conversation(&args.of);
    let mut asker = asker(&server, &args.identity, Some(&of), limit).await?;
    let told = gather(&mut asker, &of, args).await;
    asker.say_good_bye().await;
    let told = told?;
    tell(output, &told, of.starts_with('#').then_some(of.as_str()))?;
    if told.messages.is_empty() {
        remark(&format!("there is nothing in {of}"));
    } else if told.further {
        remark(&more(args, &told.messages));
    }
    Ok(())
}

/// Somebody who may ask. What was said privately (`of` is a user) only the two may read, so there the
/// first of the default nicks must do: under another one nothing would be found.
///
/// # Errors
/// A failure by the contract: also where nothing is kept.
pub(super) async fn asker(
    server: &Server,
    who: &Who,
    of: Option<&str>,
    limit: Option<Duration>,
) -> Result<Asker> {
    let limit = limit.unwrap_or(TIMEOUT);
    let mut who = who.clone();
    if of.is_some_and(|of| of.starts_with('@')) {
        let variable = |name: &str| std::env::var(name).ok();
        who.nick = nick::candidates(who.nick.as_deref(), variable)
            .into_iter()
            .next();
    }
    let (connection, welcome) = log_in(server, &who, limit).await?;
    let asker = Asker::new(connection, &welcome, limit);
    if !welcome.has_history {
        asker.say_good_bye().await;
        return Err(Failure::new(Exit::Failed, NO_HISTORY).into());
    }
    Ok(asker)
}

/// A room's name may be written without its `#`.
pub(super) fn conversation(name: &str) -> String {
    if name.starts_with('@') {
        name.to_owned()
    } else {
        input::room(name)
    }
}

async fn gather(asker: &mut Asker, of: &str, args: &History) -> Result<Told, Failure> {
    let bound = |when: &Option<_>| when.as_ref().map(as_text);
    let (mut before, mut after) = (bound(&args.before), bound(&args.after));
    let around = bound(&args.around);
    let is_forward = after.is_some();
    let mut told = Told {
        of: Some(of.to_owned()),
        ..Told::default()
    };
    loop {
        let left = args.last - told.messages.len() as u64;
        let body = ClientBody::History {
            of: of.to_owned().into(),
            bounds: Bounds {
                before: before.take().map(Into::into),
                after: after.take().map(Into::into),
            },
            around: around.clone().map(Into::into),
            limit: Some(left.min(PAGE_MAX)),
        };
        let (page, further) = whole(asker.ask(body).await?);
        told.further = further;
        let is_last = page.is_empty();
        if is_forward {
            told.messages.extend(page);
            after = told.messages.last().map(|kept| kept.msgid.clone());
        } else {
            told.messages.splice(0..0, page);
            before = told.messages.first().map(|kept| kept.msgid.clone());
        }
        let is_enough = told.messages.len() as u64 >= args.last;
        if is_enough || is_last || !further || around.is_some() {
            return Ok(told);
        }
    }
}

/// The messages of all parts of an answer, and whether there are more.
pub(super) fn whole(parts: Vec<ServerMessage>) -> (Vec<Kept>, bool) {
    let mut all = Vec::new();
    let mut is_further = false;
    for part in parts {
        if let ServerMessage::History {
            messages, further, ..
        }
        | ServerMessage::Found {
            messages, further, ..
        } = part
        {
            all.extend(messages);
            is_further = further;
        }
    }
    (all, is_further)
}

pub(super) fn as_text(when: &crate::ctl::when::When) -> String {
    when.as_bound().to_owned()
}

/// How to go on.
fn more(args: &History, messages: &[Kept]) -> String {
    let id = |kept: Option<&Kept>| kept.map(|kept| kept.msgid.clone()).unwrap_or_default();
    if args.after.is_some() {
        format!("there is more: --after {}", id(messages.last()))
    } else if args.around.is_some() {
        "there is more before and after".to_owned()
    } else {
        format!("there is more: --before {}", id(messages.first()))
    }
}

/// Writes messages; those of `current` do not name their room in the table.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn tell(output: Output, told: &Told, current: Option<&str>) -> Result<()> {
    match output {
        Output::Table => {
            let view = View::new(Look::of_stdout(), current);
            let page = Page::of(told.messages.clone());
            let lines = view.lines_of(&page, &mut view.today());
            render::write(&lines)
        }
        Output::Tsv => render::write(&told.messages.iter().map(columns).collect::<String>()),
        Output::Json => render::document(told),
        Output::Jsonl => {
            for kept in &told.messages {
                render::write(&render::json_line(kept)?)?;
            }
            Ok(())
        }
    }
}

/// The columns of an event (`join`, `tail`), and what came of it since, and its id.
fn columns(kept: &Kept) -> String {
    let (kind, place) = match &kept.to {
        Some(to) => ("private", to.as_str()),
        None => ("message", kept.room.as_deref().unwrap_or_default()),
    };
    let state = match event::change_of(kept) {
        Some(ServerMessage::Deleted { .. }) => "deleted",
        Some(_) => "edited",
        None => "",
    };
    render::tsv_line([
        kept.time.as_str(),
        kind,
        place,
        kept.from.as_str(),
        kept.text.as_deref().unwrap_or_default(),
        state,
        kept.msgid.as_str(),
    ])
}
