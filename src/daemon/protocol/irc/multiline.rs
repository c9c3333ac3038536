//! Messages of several lines: a batch that a client opens, fills and closes, and what was said when it is whole.

use super::caps::Cap;
use super::context::{Context, Said};
use super::line::Line;
use super::pending::GroupId;
use super::verbs::message::{client_tags, echo, meaning, targets_of};
use super::verbs::{Handling, shown};
use crate::hub::command::{Command, Target};
use crate::hub::tags::Tags;

/// Lines of one message.
pub(super) const LINES_MAX: usize = 100;

/// One that has not come whole.
#[derive(Debug)]
pub(super) struct Incomplete {
    reference: String,
    /// As the client wrote it.
    name: String,
    target: Target,
    tags: Option<Tags>,
    group: Option<GroupId>,
    verb: Option<&'static str>,
    text: String,
    /// Bytes of the text before each line that goes on where the one before ended.
    cuts: Vec<u32>,
    lines: usize,
    /// It was told why it is none; what else comes of it is left out.
    is_refused: bool,
}

/// `BATCH +reference draft/multiline target`, or `BATCH -reference`.
pub(super) fn batch(handling: &mut Handling<'_>, line: &Line<'_>) {
    if !handling.session.caps.has(Cap::MultiLine) {
        handling.lines().numeric(421, &["BATCH"], "Unknown command");
        return;
    }
    let reference = line.params[0];
    if let Some(reference) = reference.strip_prefix('+') {
        open(handling, line, reference);
    } else {
        let reference = reference.strip_prefix('-').unwrap_or(reference);
        match handling.session.multiline.take() {
            Some(whole) if whole.reference == reference => close(handling, *whole),
            other => {
                handling.session.multiline = other;
                invalid(handling, "No such batch is open");
            }
        }
    }
}

fn open(handling: &mut Handling<'_>, line: &Line<'_>, reference: &str) {
    if give_up(handling) {
        return invalid(handling, "Another batch is open, and is given up");
    }
    let kind = line.params.get(1).copied().unwrap_or_default();
    if kind != "draft/multiline" || reference.is_empty() || reference.len() > REFERENCE_BYTES_MAX {
        return invalid(handling, "Only batches of draft/multiline can be opened");
    }
    let names = line.param(2).unwrap_or_default();
    let targets = targets_of(handling, names, "BATCH");
    let Some((name, target)) = targets
        .into_iter()
        .next()
        .filter(|(name, _)| *name == names)
    else {
        return invalid(handling, "One target is needed");
    };
    let group = handling.group;
    handling.session.pending.keep_open(group);
    handling.session.multiline = Some(Box::new(Incomplete {
        reference: reference.to_owned(),
        name: name.to_owned(),
        target,
        tags: client_tags(handling, line),
        group,
        verb: None,
        text: String::new(),
        cuts: Vec::new(),
        lines: 0,
        is_refused: false,
    }));
}

/// Ends a message that does not come whole, if there is one. Its labelled line is answered.
pub(super) fn give_up(handling: &mut Handling<'_>) -> bool {
    let Some(open) = handling.session.multiline.take() else {
        return false;
    };
    handling.settle(open.group);
    true
}

/// One line of a message.
pub(super) fn line(handling: &mut Handling<'_>, line: &Line<'_>, reference: &str) {
    let Some(mut open) = handling.session.multiline.take() else {
        return invalid(handling, "No batch is open");
    };
    if !open.is_refused {
        let bytes_max = handling.facts.settings.message_bytes;
        match open.add(line, reference, bytes_max) {
            // With the lines that open and close the batch: else none of many lines could be said.
            Ok(()) => handling.is_paid(),
            Err(refused) => {
                open.is_refused = true;
                open.text = String::new();
                refused.tell(handling, line, &open);
            }
        }
    }
    handling.session.multiline = Some(open);
}

enum Refused {
    Invalid(&'static str),
    Target,
    TooManyBytes,
    TooManyLines,
}

impl Incomplete {
    fn add(&mut self, line: &Line<'_>, reference: &str, bytes_max: usize) -> Result<(), Refused> {
        let verb = line.verb.to_ascii_uppercase();
        let verb = ["PRIVMSG", "NOTICE"].into_iter().find(|it| *it == verb);
        let verb = verb.ok_or(Refused::Invalid(
            "Only PRIVMSG and NOTICE can be in a batch",
        ))?;
        if reference != self.reference {
            return Err(Refused::Invalid("The line is of another batch"));
        }
        if self.verb.is_some_and(|its| its != verb) {
            return Err(Refused::Invalid("PRIVMSG and NOTICE are in one batch"));
        }
        if line.params.first().is_none_or(|name| *name != self.name) {
            return Err(Refused::Target);
        }
        let text = line.params.get(1).copied().unwrap_or_default();
        let continues = line.tag("draft/multiline-concat").is_some();
        if continues && text.is_empty() {
            return Err(Refused::Invalid("A blank line continues nothing"));
        }
        if self.lines >= LINES_MAX {
            return Err(Refused::TooManyLines);
        }
        if self.lines > 0 && continues {
            self.cuts.extend(u32::try_from(self.text.len()));
        } else if self.lines > 0 {
            self.text.push('\n');
        }
        if self.text.len() + text.len() > bytes_max {
            return Err(Refused::TooManyBytes);
        }
        self.text.push_str(text);
        self.lines += 1;
        self.verb = Some(verb);
        Ok(())
    }
}

impl Refused {
    fn tell(self, handling: &mut Handling<'_>, line: &Line<'_>, open: &Incomplete) {
        let number;
        let name;
        let (code, context, text) = match self {
            Self::Invalid(text) => return invalid(handling, text),
            Self::Target => {
                name = shown(line.params.first().copied().unwrap_or_default());
                let context = vec![&*open.name, &*name];
                ("MULTILINE_INVALID_TARGET", context, "Another target")
            }
            Self::TooManyBytes => {
                number = handling.facts.settings.message_bytes.to_string();
                (
                    "MULTILINE_MAX_BYTES",
                    vec![&*number],
                    "The message is too long",
                )
            }
            Self::TooManyLines => {
                number = LINES_MAX.to_string();
                let text = "The message has too many lines";
                ("MULTILINE_MAX_LINES", vec![&*number], text)
            }
        };
        handling.lines().fail("BATCH", code, &context, text);
    }
}

fn close(handling: &mut Handling<'_>, whole: Incomplete) {
    // What is said now is the answer to the line that has opened it, unless this one has a label of its own.
    if handling.group.is_some() {
        handling.settle(whole.group);
    } else {
        handling.group = whole.group;
    }
    if whole.is_refused {
        return;
    }
    let (Some(verb), true) = (whole.verb, whole.text.contains(|it| it != '\n')) else {
        return invalid(handling, "There is nothing but blank lines");
    };
    let (kind, text) = meaning(verb, &whole.text);
    // The cuts are those of the whole text.
    let cuts = if text.len() == whole.text.len() {
        &*whole.cuts
    } else {
        &[]
    };
    let tags = Tags::with_cuts(whole.tags, cuts);
    let command = Command::Send {
        to: whole.target,
        kind,
        text: text.into(),
        client_msgid: None,
        tags: tags.clone(),
    };
    let echo = echo(handling, &whole.name, &whole.text, tags.as_ref());
    let target = whole.name.into();
    let said = Said { verb, target, echo };
    handling.command(command, Context::Say(Box::new(said)));
}

fn invalid(handling: &mut Handling<'_>, text: &str) {
    handling
        .lines()
        .fail("BATCH", "MULTILINE_INVALID", &[], text);
}

/// Of a client's name for a batch.
const REFERENCE_BYTES_MAX: usize = 64;
