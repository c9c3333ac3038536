//! `chatctl export`: what was said, as JSON lines or as text, to a file or to stdout.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};

use crate::ctl::admin_client::Admin;
use crate::ctl::args::{self, Format};
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::join::input::room;
use crate::ctl::new_file::NewFile;
use crate::ctl::remark::remark;
use crate::ctl::render::{self, Output};
use crate::ctl::sanitize;
use crate::wire::admin::history::Line;

/// How what is written looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Lines,
    /// One array.
    Document,
    Text,
}

impl Form {
    fn of(format: Format, output: Output) -> Result<Self, Failure> {
        match (format, output) {
            (Format::Jsonl, Output::Table | Output::Jsonl) => Ok(Self::Lines),
            (Format::Jsonl, Output::Json) => Ok(Self::Document),
            (Format::Text, Output::Table) => Ok(Self::Text),
            (Format::Text, Output::Json | Output::Jsonl) | (_, Output::Tsv) => Err(Failure::new(
                Exit::Usage,
                "an export is JSON lines (as it is, or --output jsonl), one array (--output json), or text (--format text)",
            )),
        }
    }
}

/// Writes the messages.
///
/// # Errors
/// As [`Admin::get`]; exit 2 for a form that there is not; and when the answer breaks off, or cannot be
/// written.
pub async fn run(admin: &Admin, output: Output, export: &args::Export) -> Result<()> {
    let form = Form::of(export.format, output)?;
    let path = path_of(export);
    let file = export
        .file
        .as_deref()
        .filter(|file| *file != Path::new("-"));
    let Some(file) = file else {
        let mut stdout = BufWriter::new(io::stdout().lock());
        write(admin, &path, form, &mut stdout).await?;
        return Ok(stdout.flush()?);
    };
    let mut new = NewFile::create(file)?;
    let count = write(admin, &path, form, &mut new).await?;
    new.finish()?;
    let are = if count == 1 {
        "message is"
    } else {
        "messages are"
    };
    remark(&format!("{count} {are} in {}", file.display()));
    Ok(())
}

async fn write(admin: &Admin, path: &str, form: Form, to: &mut impl Write) -> Result<u64> {
    let mut carry = Vec::new();
    let mut count = 0;
    let take = |piece: &[u8]| {
        carry.extend_from_slice(piece);
        let Some(end) = carry.iter().rposition(|&byte| byte == b'\n') else {
            return Ok(());
        };
        let rest = carry.split_off(end + 1);
        let lines = std::mem::replace(&mut carry, rest);
        let lines = str::from_utf8(&lines).context("chatd's answer is not UTF-8")?;
        for line in lines.lines() {
            let line = match form {
                Form::Lines => render::harmless_json(line) + "\n",
                Form::Document => {
                    let before = if count == 0 { "[\n" } else { ",\n" };
                    before.to_owned() + &render::harmless_json(line)
                }
                Form::Text => text(&serde_json::from_str(line)?),
            };
            count += 1;
            to.write_all(line.as_bytes())?;
        }
        Ok(())
    };
    admin.download(path, take).await?;
    if form == Form::Document {
        to.write_all(if count == 0 { b"[]\n" } else { b"\n]\n" })?;
    }
    Ok(count)
}

/// One message for people; its further lines are indented, so that none looks like another message.
fn text(line: &Line) -> String {
    let place = match (&line.room, &line.to) {
        (Some(room), _) => room.clone(),
        (None, Some(to)) => format!("{} > {to}", line.from),
        (None, None) => String::new(),
    };
    let said = match (line.text.as_deref(), line.kind.as_str()) {
        (None, _) => format!("<{}> (deleted)", line.from),
        (Some(text), "action") => format!("* {} {text}", line.from),
        (Some(text), _) => format!("<{}> {text}", line.from),
    };
    let edited = match (&line.text, &line.changed_at) {
        (Some(_), Some(_)) => " (edited)",
        _ => "",
    };
    let whole = format!("{} {place} {said}{edited}", line.time);
    let mut lines = sanitize::lines(&whole);
    let mut written = lines.next().unwrap_or_default().into_owned() + "\n";
    for line in lines {
        written.push_str("    ");
        written.push_str(&line);
        written.push('\n');
    }
    written
}

fn path_of(export: &args::Export) -> String {
    let mut query = vec![format!("private={}", export.private)];
    let mut add = |name: &str, value: &str| query.push(format!("{name}={}", encoded(value)));
    if let Some(name) = &export.room {
        add("room", &room(name));
    }
    if let Some(since) = &export.since {
        add("since", since.as_bound());
    }
    if let Some(until) = &export.until {
        add("until", until.as_bound());
    }
    format!("/v1/history/export?{}", query.join("&"))
}

/// As a value in a query: whatever is not a letter, a digit or harmless is given by its bytes.
fn encoded(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line {
            msgid: "1k83q4ck00002".into(),
            time: "2026-11-24T10:30:00.000Z".into(),
            room: Some("#lobby".into()),
            from: "ana".into(),
            from_owner: "0".repeat(16),
            to: None,
            to_owner: None,
            unheard: false,
            kind: "text".into(),
            text: Some("hi\n2026 #lobby <ben> no\u{1b}".into()),
            changed_at: None,
            tags: None,
        }
    }

    #[test]
    fn no_text_looks_like_another_message() {
        let written = text(&line());
        assert_eq!(
            written,
            "2026-11-24T10:30:00.000Z #lobby <ana> hi\n    2026 #lobby <ben> no␛\n"
        );
        let private = Line {
            room: None,
            to: Some("ben".into()),
            kind: "action".into(),
            text: Some("waves".into()),
            changed_at: Some(String::new()),
            ..line()
        };
        assert_eq!(
            text(&private),
            "2026-11-24T10:30:00.000Z ana > ben * ana waves (edited)\n"
        );
        let deleted = Line {
            text: None,
            ..line()
        };
        assert!(text(&deleted).ends_with("<ana> (deleted)\n"));
    }

    #[test]
    fn a_room_survives_the_way_in_a_query() {
        assert_eq!(encoded("#dév 1"), "%23d%C3%A9v%201");
    }
}
