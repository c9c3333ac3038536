//! `chatctl import`: the messages of an export, a batch at a time. Of a batch all lines get in or none, and
//! what is there already is passed over, so that after a mistake the whole file may be imported again.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use anyhow::Result;

use crate::ctl::admin_client::Admin;
use crate::ctl::args;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::new_file::unusable;
use crate::ctl::remark::remark;
use crate::ctl::render::{self, Output};
use crate::wire::admin::history::ImportDone;

/// Lines and bytes of a batch. One thousand messages is what chatd adds in one piece.
const BATCH_LINES: u64 = 1000;
const BATCH_BYTES: usize = 8 * 1024 * 1024;
/// Longest line: the longest text with every byte escaped, and the rest.
const LINE_BYTES_MAX: usize = 512 * 1024;

/// Imports the file.
///
/// # Errors
/// As [`Admin::get`]; a line that is wrong is named by its number.
pub async fn run(admin: &Admin, output: Output, import: &args::Import) -> Result<()> {
    let mut lines: Box<dyn BufRead> = if import.file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(&import.file).map_err(|error| unusable(&import.file, &error))?;
        Box::new(BufReader::new(file))
    };
    let mut done = ImportDone::default();
    let mut first_line = 1;
    loop {
        let (batch, count) = batch(&mut *lines, first_line)?;
        if count == 0 {
            break;
        }
        let path = format!("/v1/history/import?first_line={first_line}");
        let added: ImportDone = match admin.post_lines(&path, batch).await {
            Ok(added) => added,
            Err(error) => {
                if done.added + done.known > 0 {
                    remark(&format!(
                        "before that: {}; importing it again adds what is missing",
                        sentence(done)
                    ));
                }
                return Err(error);
            }
        };
        done.added += added.added;
        done.known += added.known;
        first_line += count;
    }
    render::sentence(output, &done, &sentence(done))
}

/// The next lines, and how many they are; none at the end.
fn batch(lines: &mut dyn BufRead, first_line: u64) -> Result<(Vec<u8>, u64)> {
    let (mut batch, mut count) = (Vec::new(), 0);
    while count < BATCH_LINES && batch.len() < BATCH_BYTES {
        let before = batch.len();
        let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
        let read = (&mut *lines).take(limit).read_until(b'\n', &mut batch)?;
        if read == 0 {
            break;
        }
        if batch.last() != Some(&b'\n') {
            if batch.len() - before == LINE_BYTES_MAX {
                let number = first_line + count;
                let text = format!("line {number} is longer than any message");
                return Err(Failure::new(Exit::Failed, text).into());
            }
            batch.push(b'\n');
        }
        count += 1;
    }
    Ok((batch, count))
}

fn sentence(done: ImportDone) -> String {
    let messages = if done.added == 1 {
        "message"
    } else {
        "messages"
    };
    match done.known {
        0 => format!("{} {messages} added", done.added),
        known => format!(
            "{} {messages} added, {known} were there already",
            done.added
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_in_batches_and_the_last_needs_no_end() {
        let text = "x\n".repeat(1001) + "last";
        let mut lines = BufReader::new(text.as_bytes());
        let (first, count) = batch(&mut lines, 1).unwrap();
        assert_eq!((first.len(), count), (2000, 1000));
        assert_eq!(batch(&mut lines, 1001).unwrap(), (b"x\nlast\n".to_vec(), 2));
        assert_eq!(batch(&mut lines, 1003).unwrap().1, 0);
        let long = "x".repeat(LINE_BYTES_MAX + 1);
        let error = batch(&mut BufReader::new(long.as_bytes()), 7).unwrap_err();
        assert!(error.to_string().contains("line 7 "), "{error}");
    }
}
