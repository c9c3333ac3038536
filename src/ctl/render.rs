//! Results on stdout in the four forms that every command offers. The only place that writes JSON,
//! and the one place that decides what a table looks like; commands say what is in it.
//! Texts of others come out harmless in every form: see `sanitize`.

use std::io::{self, Write};

use anyhow::Result;
use clap::ValueEnum;
use comfy_table::presets::NOTHING;
use serde::Serialize;

use super::sanitize;

/// The form of what goes to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Aligned columns for people; may change between versions.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One JSON object per line.
    Jsonl,
    /// Columns separated by tabs, without a heading.
    Tsv,
}

/// Rows under headings.
#[derive(Debug)]
pub struct Table {
    headings: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings and no rows yet.
    #[must_use]
    pub fn new(headings: &'static [&'static str]) -> Self {
        Self {
            headings,
            rows: Vec::new(),
        }
    }

    /// Adds a row, one cell for each heading.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    fn text(&self) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(NOTHING);
        table.set_header(self.headings);
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| sanitize::line(cell).into_owned()));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        table.trim_fmt() + "\n"
    }

    fn tsv(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            text.push_str(&tsv_line(row.iter().map(String::as_str)));
        }
        text
    }
}

/// A list: `whole` is the answer for `json`, `items` its elements for `jsonl`.
///
/// # Errors
/// When stdout cannot be written.
pub fn list(
    output: Output,
    whole: &impl Serialize,
    items: &[impl Serialize],
    table: &Table,
) -> Result<()> {
    let text = match output {
        Output::Table => table.text(),
        Output::Tsv => table.tsv(),
        Output::Json => json_document(whole)?,
        Output::Jsonl => {
            let mut text = String::new();
            for item in items {
                text.push_str(&json_line(item)?);
            }
            text
        }
    };
    write(&text)
}

/// One thing and its fields, each with a name.
///
/// # Errors
/// When stdout cannot be written.
pub fn record(output: Output, whole: &impl Serialize, fields: &[(&str, String)]) -> Result<()> {
    let text = match output {
        Output::Table => fields_text(fields),
        Output::Tsv => fields
            .iter()
            .map(|(name, value)| tsv_line([*name, value.as_str()]))
            .collect(),
        Output::Json => json_document(whole)?,
        Output::Jsonl => json_line(whole)?,
    };
    write(&text)
}

/// A sentence for people (`table`, `tsv`), or the answer itself.
///
/// # Errors
/// When stdout cannot be written.
pub fn sentence(output: Output, whole: &impl Serialize, text: &str) -> Result<()> {
    let text = match output {
        Output::Table | Output::Tsv => format!("{}\n", sanitize::line(text)),
        Output::Json => json_document(whole)?,
        Output::Jsonl => json_line(whole)?,
    };
    write(&text)
}

/// One JSON document.
///
/// # Errors
/// When stdout cannot be written.
pub fn document(whole: &impl Serialize) -> Result<()> {
    write(&json_document(whole)?)
}

/// Writes a text that is ready for stdout, and flushes it.
///
/// # Errors
/// When stdout cannot be written; a closed pipe among them.
pub fn write(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// One JSON object and a line feed.
///
/// # Errors
/// When the value cannot be written as JSON, which none of ours is.
pub fn json_line(value: &impl Serialize) -> Result<String> {
    Ok(harmless_json(&serde_json::to_string(value)?) + "\n")
}

/// One line of cells between tabs. What a cell may not hold is shown as in a table.
pub fn tsv_line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<_> = cells.into_iter().map(sanitize::line).collect();
    cells.join("\t") + "\n"
}

/// A size for people: `512 B`, `12.3 MiB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    // In tenths, so that no float is needed.
    let (mut tenths, mut unit) = (count.saturating_mul(10) / 1024, 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

fn json_document(value: &impl Serialize) -> Result<String> {
    Ok(harmless_json(&serde_json::to_string_pretty(value)?) + "\n")
}

fn fields_text(fields: &[(&str, String)]) -> String {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    fields
        .iter()
        .map(|(name, value)| format!("{name:width$}  {}\n", sanitize::line(value)))
        .collect()
}

/// JSON may carry C1 and bidi characters as they are; a terminal must not see them, so they are
/// written as `\u` escapes, which every reader takes for the same string. They can only stand in
/// strings, and of the C0 characters only our own line feeds stand outside of escapes.
#[must_use]
pub fn harmless_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || !sanitize::is_unsafe(c) {
            safe.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const EVIL: &str = "a\u{9b}2J\u{202e}\u{7f}\x1b[A\n";

    #[test]
    fn json_escapes_what_a_terminal_obeys_and_reads_back_the_same() {
        let value = json!({ "text": EVIL, "list": [1, { "x": "한" }] });
        for text in [json_line(&value).unwrap(), json_document(&value).unwrap()] {
            assert!(
                !text
                    .trim_end()
                    .chars()
                    .any(|c| c != '\n' && sanitize::is_unsafe(c))
            );
            let back: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(back, value);
        }
        assert_eq!(json_line(&value).unwrap().matches('\n').count(), 1);
    }

    #[test]
    fn tables_align_and_show_controls() {
        let mut table = Table::new(&["NICK", "ROOMS"]);
        table.row(vec!["ana".into(), "#lobby".into()]);
        table.row(vec![EVIL.into(), "#a\tb".into()]);
        assert_eq!(
            table.text(),
            "NICK        ROOMS\nana         #lobby\na\u{fffd}2J\u{fffd}␡␛[A␊  #a␉b\n"
        );
        assert_eq!(table.tsv(), "ana\t#lobby\na\u{fffd}2J\u{fffd}␡␛[A␊\t#a␉b\n");
    }

    #[test]
    fn sizes_are_shown_in_the_unit_that_fits() {
        for (count, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (77_824, "76.0 KiB"),
            (1 << 30, "1.0 GiB"),
            (u64::MAX, "1677721.5 TiB"),
        ] {
            assert_eq!(bytes(count), shown);
        }
    }

    #[test]
    fn a_record_is_a_column_of_names_and_one_of_values() {
        let text = fields_text(&[("state", "ready".into()), ("uptime", "3 s".into())]);
        assert_eq!(text, "state   ready\nuptime  3 s\n");
    }
}
