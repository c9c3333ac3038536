//! `chatctl search`: what was said, found by its words. The server gives the newest first; it is
//! written with the oldest first, as everything that people said is.

use std::time::Duration;

use anyhow::Result;

use super::history::{PAGE_MAX, Told, as_text, asker, conversation, tell, whole};
use crate::ctl::args::Search;
use crate::ctl::chat::question::Asker;
use crate::ctl::exit::Failure;
use crate::ctl::locate::Server;
use crate::ctl::remark::remark;
use crate::ctl::render::Output;
use crate::wire::chat::{Bounds, ClientBody};

/// Finds and shows.
///
/// # Errors
/// A failure by the contract of exit codes. That nothing was found is none.
pub async fn run(
    args: &Search,
    server: Server,
    output: Output,
    limit: Option<Duration>,
) -> Result<()> {
    let mut asker = asker(&server, &args.identity, args.of.as_deref(), limit).await?;
    let mut told = gather(&mut asker, args).await;
    if told.as_ref().is_ok_and(|told| told.messages.is_empty())
        && let Some(of) = args.of.as_deref().map(conversation)
        && let Err(failure) = must_be_known(&mut asker, of).await
    {
        told = Err(failure);
    }
    asker.say_good_bye().await;
    let told = told?;
    tell(output, &told, None)?;
    if told.messages.is_empty() {
        remark("nothing found");
    } else if told.further {
        let first = told.messages.first().map(|kept| kept.msgid.as_str());
        let first = first.unwrap_or_default();
        remark(&format!("there is more: --until {first}"));
    }
    Ok(())
}

/// Looking for words in a room that nobody knows finds nothing, as in any other; asking for its last message
/// tells the two apart.
async fn must_be_known(asker: &mut Asker, of: String) -> Result<(), Failure> {
    let body = ClientBody::History {
        of: of.into(),
        bounds: Bounds::default(),
        around: None,
        limit: Some(1),
    };
    asker.ask(body).await.map(|_| ())
}

async fn gather(asker: &mut Asker, args: &Search) -> Result<Told, Failure> {
    let since = args.since.as_ref().map(as_text);
    let mut until = args.until.as_ref().map(as_text);
    let from = args.from.as_deref();
    let from = from.map(|nick| nick.strip_prefix('@').unwrap_or(nick));
    let mut told = Told::default();
    loop {
        let left = args.last - told.messages.len() as u64;
        let body = ClientBody::Search {
            words: args.words.join(" ").into(),
            of: args.of.as_deref().map(|of| conversation(of).into()),
            from: from.map(|nick| nick.to_owned().into()),
            bounds: Bounds {
                before: until.take().map(Into::into),
                after: since.clone().map(Into::into),
            },
            limit: Some(left.min(PAGE_MAX)),
        };
        let (page, further) = whole(asker.ask(body).await?);
        let is_last = page.is_empty();
        told.further = further;
        told.messages.extend(page);
        until = told.messages.last().map(|kept| kept.msgid.clone());
        if told.messages.len() as u64 >= args.last || is_last || !further {
            told.messages.reverse();
            return Ok(told);
        }
    }
}
