//! Runs every transcript: those that explain the protocol in `docs/chat-protocol.md`, and those in
//! `tests/transcripts/`, which are too dull for it. With `BLESS=1` in the environment, the files
//! are rewritten as it really went, for a person to read the difference before it is committed.

use std::path::{Path, PathBuf};
use std::{env, fs};

use super::transcript::{difference, replay};

#[test]
fn the_transcripts_in_the_description_of_the_protocol_are_true() {
    check(&root().join("docs/chat-protocol.md"));
}

#[test]
fn the_transcripts_in_the_description_of_irc_are_true() {
    check(&root().join("docs/irc.md"));
}

#[test]
fn the_other_transcripts_are_true() {
    let files = fs::read_dir(root().join("tests/transcripts")).unwrap();
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in &files {
        check(file);
    }
}

/// A Markdown file has transcripts in fenced blocks, any other file is one.
fn check(file: &Path) {
    let text = fs::read_to_string(file).unwrap();
    let is_markdown = file.extension().is_some_and(|extension| extension == "md");
    let parts = if is_markdown {
        blocks(&text)
    } else {
        vec![Part::Transcript(&text)]
    };
    let mut line = 1;
    let mut written = String::new();
    let mut differences = String::new();
    for part in &parts {
        match part {
            Part::Prose(prose) => written.push_str(prose),
            Part::Transcript(transcript) => {
                let got = replay(transcript);
                differences.extend(difference(transcript, &got, line));
                written.push_str(&got);
            }
        }
        line += part.text().lines().count();
    }
    assert!(line > 1 && parts.iter().any(|part| matches!(part, Part::Transcript(_))));
    if env::var_os("BLESS").is_some() {
        fs::write(file, written).unwrap();
    } else {
        assert!(differences.is_empty(), "{}, {differences}", file.display());
    }
}

enum Part<'a> {
    Prose(&'a str),
    Transcript(&'a str),
}

impl Part<'_> {
    fn text(&self) -> &str {
        match self {
            Part::Prose(text) | Part::Transcript(text) => text,
        }
    }
}

fn blocks(text: &str) -> Vec<Part<'_>> {
    const OPEN: &str = "```transcript\n";
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(OPEN) {
        let (prose, from_here) = rest.split_at(open + OPEN.len());
        let end = from_here
            .find("```")
            .expect("a block that is opened is closed");
        let (transcript, after) = from_here.split_at(end);
        parts.extend([Part::Prose(prose), Part::Transcript(transcript)]);
        rest = after;
    }
    parts.push(Part::Prose(rest));
    parts
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
