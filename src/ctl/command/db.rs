//! `chatctl db check`: reads a history from end to end, through the daemon when one runs, because it knows
//! which file it has open; else the file itself.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::backup::history_path;
use crate::config::paths::Environment;
use crate::ctl::admin_client::Admin;
use crate::ctl::args;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::new_file::unusable;
use crate::ctl::remark::remark;
use crate::ctl::render::{self, Output};
use crate::store;
use crate::wire::admin::history::Checked;

/// Carries out a `db` command.
///
/// # Errors
/// As [`Admin::get`]; exit 1 when something is wrong with the history, 4 when there is none.
pub async fn run(
    admin: &Admin,
    output: Output,
    command: &args::Db,
    environment: &Environment,
) -> Result<()> {
    let args::Db::Check { file } = command;
    let (checked, name) = match file {
        Some(file) => (checked_file(file)?, file.display().to_string()),
        None => match admin.act::<Checked>("/v1/history/check").await {
            Ok(checked) => (checked, "the history".to_owned()),
            Err(error) if is_unreachable(&error) => {
                let path = history_path(environment)?;
                remark(&format!("chatd is not running; this is {}", path.display()));
                (checked_file(&path)?, path.display().to_string())
            }
            Err(error) => return Err(error),
        },
    };
    let mut fields = vec![
        (
            "sound",
            if checked.is_sound { "yes" } else { "NO" }.to_owned(),
        ),
        ("version", checked.schema.to_string()),
        ("messages", checked.messages.to_string()),
        ("conversations", checked.conversations.to_string()),
        ("authors", checked.authors.to_string()),
    ];
    if checked.in_log > 0 {
        let text = format!("{} records more, for the next start", checked.in_log);
        fields.push(("commit log", text));
    }
    let complaints = checked.complaints.iter();
    fields.extend(complaints.map(|complaint| ("complaint", complaint.clone())));
    render::record(output, &checked, &fields)?;
    must_be_sound(&checked, Path::new(&name))
}

/// Checks a file that no daemon has open.
///
/// # Errors
/// Exit 4 when there is no file; 1 when it is no history at all.
pub fn checked_file(file: &Path) -> Result<Checked> {
    if let Err(error) = fs::File::open(file) {
        return Err(unusable(file, &error).into());
    }
    let report = store::check_file(file)?;
    Ok(Checked {
        is_sound: report.is_sound(),
        complaints: report.complaints,
        schema: report.schema,
        messages: report.messages,
        conversations: report.conversations,
        authors: report.authors,
        in_log: report.in_log,
    })
}

/// Fails when something was found.
///
/// # Errors
/// Exit 1, with the first complaint.
pub fn must_be_sound(checked: &Checked, file: &Path) -> Result<()> {
    let Some(first) = checked.complaints.first() else {
        return Ok(());
    };
    let more = match checked.complaints.len() {
        1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    let text = format!(
        "{} is damaged: {first}{more}; bring back a backup with `chatctl restore FILE`",
        file.display()
    );
    Err(Failure::new(Exit::Failed, text).into())
}

/// Whether no daemon answers.
pub(super) fn is_unreachable(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<Failure>()
        .is_some_and(|failure| failure.exit == Exit::Unreachable)
}
