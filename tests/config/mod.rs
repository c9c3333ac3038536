//! The config as those who edit it meet it: the shipped file, the mistakes, the search for files,
//! the command line, and the reference.

mod command_line;
mod every_key;
mod mistakes;
mod reload;
mod search;
mod shipped;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use chatd::config::paths::Environment;
use chatd::config::{self, Loaded, Problems, Sources};
use tempfile::TempDir;

/// A user with these variables and nothing else.
fn someone(uid: u32, variables: &[(&str, &str)]) -> Environment {
    let variables: BTreeMap<String, OsString> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
        .collect();
    Environment::new(uid, |name| variables.get(name).cloned())
}

/// Ana, who has a home and nothing special.
fn ana() -> Environment {
    someone(
        1000,
        &[
            ("HOME", "/users/ana"),
            ("XDG_RUNTIME_DIR", "/run/user/1000"),
        ],
    )
}

/// A directory with a `chat.toml` of this content.
fn written(content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("chat.toml");
    fs::write(&file, content).unwrap();
    (directory, file)
}

/// Loads a file of this content for Ana, with these `--set`.
fn load_with(content: impl AsRef<[u8]>, sets: &[&str]) -> Result<Loaded, Problems> {
    let (_directory, file) = written(content);
    config::load(&Sources {
        file: Some(file),
        sets: sets.iter().map(|set| (*set).to_owned()).collect(),
        environment: ana(),
    })
}

fn load(content: &str) -> Loaded {
    load_with(content, &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The mistakes of a file, without its directory.
fn mistakes(content: impl AsRef<[u8]>, sets: &[&str]) -> Vec<String> {
    let problems = load_with(content, sets).expect_err("there is a mistake");
    problems
        .lines()
        .map(|line| without_directory(&line))
        .collect()
}

fn without_directory(line: &str) -> String {
    match line.split_once("/chat.toml") {
        Some((_, rest)) => format!("chat.toml{rest}"),
        None => line.to_owned(),
    }
}

/// A file of the repository.
fn of_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
