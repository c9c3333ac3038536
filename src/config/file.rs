//! The raw config: the file's sections, keys and values as they were written, each with its place.
//! Knows TOML, and no key: whether a value makes sense is decided in [`super::check`]. After a
//! syntax error the rest is still read, so that all mistakes can be told at once.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::problem::{Place, Problem, shown};

/// A file above this is no config; nobody should wait for `--config /dev/zero`.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// After this many syntax errors the file is something else than TOML.
const SYNTAX_ERRORS_MAX: usize = 20;

/// What was written, section by section.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) sections: Vec<RawSection>,
}

/// One `[name]`, one `[[name]]`, or a `name = value` outside any section.
#[derive(Debug)]
pub(super) struct RawSection {
    pub(super) name: String,
    pub(super) form: Form,
    pub(super) place: Place,
    pub(super) entries: Vec<RawEntry>,
}

/// How a section was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `[name]`
    Table,
    /// The n-th `[[name]]`, from 0.
    Item(usize),
    /// `name = []`
    EmptyList,
    /// `name = 5`: not a section at all.
    Scalar,
}

/// One `key = value`.
#[derive(Debug)]
pub(super) struct RawEntry {
    pub(super) key: String,
    pub(super) key_place: Place,
    pub(super) value: RawValue,
    pub(super) value_place: Place,
}

/// A value by its TOML type. Types that no key has are only named.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RawValue {
    Text(String),
    /// Beyond 128 bits it stands at the end of the range, which no bound allows.
    Integer(i128),
    Float(f64),
    Boolean(bool),
    /// From the command line, where quotes are optional: the text, and what TOML makes of it.
    Unquoted {
        text: String,
        value: Box<Self>,
    },
    /// A list of nothing but texts, or an empty one.
    List(Vec<String>),
    /// "a list", "a table" …
    Other(&'static str),
}

/// Reads a config file.
///
/// # Errors
/// The one problem that keeps it from being read, in words for who named the file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| Problem::of_file(Place::WholeFile, read_error(&error)))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Problem::of_file(
            Place::WholeFile,
            "is larger than 1MiB, so it cannot be a config of chatd",
        ));
    }
    Ok(bytes)
}

fn read_error(error: &io::Error) -> String {
    let kind = error.kind();
    if kind == io::ErrorKind::NotFound {
        "there is no such file".to_owned()
    } else if kind == io::ErrorKind::IsADirectory {
        "is a directory; name the file in it".to_owned()
    } else if kind == io::ErrorKind::PermissionDenied {
        "may not be read by this user".to_owned()
    } else {
        format!("cannot be read: {error}")
    }
}

/// Takes a file apart. The problems are the syntax errors; the document is what could be
/// understood in spite of them.
pub(super) fn parse(bytes: &[u8]) -> (Document, Vec<Problem>) {
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            return (
                Document::default(),
                vec![not_utf8(bytes, error.valid_up_to())],
            );
        }
    };
    let positions = Positions::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut problems: Vec<Problem> = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let place = positions.place(span.start);
        // One mistake in a line makes the parser stumble several times; the first says most.
        if problems.iter().any(|known| same_line(known.place, place)) {
            continue;
        }
        if problems.len() == SYNTAX_ERRORS_MAX {
            problems.push(Problem::of_file(place, "and more; is this a TOML file?"));
            break;
        }
        problems.push(Problem::of_file(
            place,
            syntax_error(text, error.message(), span),
        ));
    }
    let reader = Reader { positions };
    (reader.document(table.get_ref()), problems)
}

/// Reads one value as TOML would, for the command line: anything else is text.
pub(super) fn parse_unquoted(text: &str) -> RawValue {
    let value = DeValue::parse(text.trim()).map_or_else(
        |_| RawValue::Text(text.to_owned()),
        |value| raw(value.get_ref()),
    );
    match value {
        RawValue::Text(_) => value,
        RawValue::Integer(_)
        | RawValue::Float(_)
        | RawValue::Boolean(_)
        | RawValue::List(_)
        | RawValue::Unquoted { .. }
        | RawValue::Other(_) => RawValue::Unquoted {
            text: text.to_owned(),
            value: Box::new(value),
        },
    }
}

/// Whether two places are in one line of the file.
pub(super) fn same_line(a: Place, b: Place) -> bool {
    match (a, b) {
        (Place::File { line: a, .. }, Place::File { line: b, .. }) => a == b,
        (Place::File { .. } | Place::WholeFile | Place::Set | Place::Default, _) => false,
    }
}

fn not_utf8(bytes: &[u8], valid: usize) -> Problem {
    let before = String::from_utf8_lossy(&bytes[..valid]);
    Problem::of_file(
        Positions::of(&before).place(valid),
        "is not UTF-8 from here on; save the file as UTF-8",
    )
}

fn syntax_error(text: &str, message: &str, span: Range<usize>) -> String {
    let found = text.get(span).unwrap_or_default();
    if found.trim().is_empty() {
        message.to_owned()
    } else {
        format!("{message}: {}", shown(found))
    }
}

/// Builds the document of one file.
struct Reader<'t> {
    positions: Positions<'t>,
}

impl Reader<'_> {
    fn document(&self, table: &DeTable<'_>) -> Document {
        let mut sections = Vec::new();
        for (name, value) in table {
            match value.get_ref() {
                DeValue::Table(entries) => {
                    let place = self.positions.place(name.span().start);
                    sections.push(self.section(name.get_ref(), Form::Table, place, entries));
                    sections.extend(self.subsections(name.get_ref(), entries));
                }
                DeValue::Array(items) if items.iter().all(|item| item.get_ref().is_table()) => {
                    if items.is_empty() {
                        sections.push(self.bare(name, Form::EmptyList));
                    }
                    for (index, item) in items.iter().enumerate() {
                        if let DeValue::Table(entries) = item.get_ref() {
                            let place = self.positions.place(item.span().start);
                            let form = Form::Item(index);
                            sections.push(self.section(name.get_ref(), form, place, entries));
                        }
                    }
                }
                DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_)
                | DeValue::Array(_) => sections.push(self.bare(name, Form::Scalar)),
            }
        }
        Document { sections }
    }

    fn section(&self, name: &str, form: Form, place: Place, entries: &DeTable<'_>) -> RawSection {
        RawSection {
            name: name.to_owned(),
            form,
            place,
            entries: entries
                .iter()
                .filter(|(_, value)| !value.get_ref().is_table())
                .map(|(key, value)| RawEntry {
                    key: key.get_ref().to_string(),
                    key_place: self.positions.place(key.span().start),
                    value: raw(value.get_ref()),
                    value_place: self.positions.place(value.span().start),
                })
                .collect(),
        }
    }

    /// `[name.part]`, as a section of that name. Deeper ones are not looked for.
    fn subsections(&self, name: &str, entries: &DeTable<'_>) -> Vec<RawSection> {
        let tables = entries.iter().filter_map(|(part, value)| {
            let table = value.get_ref().as_table()?;
            let place = self.positions.place(part.span().start);
            let name = format!("{name}.{}", part.get_ref());
            Some(self.section(&name, Form::Table, place, table))
        });
        tables.collect()
    }

    fn bare(&self, name: &Spanned<std::borrow::Cow<'_, str>>, form: Form) -> RawSection {
        RawSection {
            name: name.get_ref().to_string(),
            form,
            place: self.positions.place(name.span().start),
            entries: Vec::new(),
        }
    }
}

fn raw(value: &DeValue<'_>) -> RawValue {
    match value {
        DeValue::String(text) => RawValue::Text(text.to_string()),
        DeValue::Integer(digits) => {
            let number = i128::from_str_radix(digits.as_str(), digits.radix());
            let negative = digits.as_str().starts_with('-');
            RawValue::Integer(number.unwrap_or(if negative { i128::MIN } else { i128::MAX }))
        }
        DeValue::Float(digits) => RawValue::Float(digits.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(on) => RawValue::Boolean(*on),
        DeValue::Datetime(_) => RawValue::Other("a date"),
        DeValue::Array(items) => texts(items).map_or(RawValue::Other("a list"), RawValue::List),
        DeValue::Table(_) => RawValue::Other("a table"),
    }
}

fn texts(items: &DeArray<'_>) -> Option<Vec<String>> {
    let text = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    };
    items.iter().map(text).collect()
}

/// Finds line and column of a byte.
struct Positions<'t> {
    text: &'t str,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl<'t> Positions<'t> {
    fn of(text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0)
            .chain(breaks.map(|(at, _)| at + 1))
            .collect();
        Self { text, lines }
    }

    fn place(&self, at: usize) -> Place {
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        let start = self.lines[line - 1];
        let before = self.text.get(start..at).unwrap_or_default();
        Place::File {
            line,
            column: before.trim_start_matches('\u{feff}').chars().count() + 1,
        }
    }
}
