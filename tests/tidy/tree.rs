//! The project's files: every text that git tracks, by its path. Rules read from here and never
//! from the disk, so that a bad sample can be made up.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::source::Source;

/// All text files of the project, by path from its root.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    texts: BTreeMap<String, String>,
}

impl Tree {
    /// What git tracks, or would if it were added, of this project.
    pub(crate) fn of_this_project() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let listed = Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(root)
            .output()
            .expect("git is installed");
        assert!(listed.status.success(), "git ls-files: {listed:?}");
        let names = String::from_utf8(listed.stdout).expect("paths are UTF-8");
        let texts = names
            .split_terminator('\0')
            // Deleted but not yet committed files are listed, and binary ones are no text.
            .filter_map(|path| {
                Some((
                    path.to_owned(),
                    std::fs::read_to_string(root.join(path)).ok()?,
                ))
            })
            .collect();
        Self { texts }
    }

    /// A tree made up for a test of a rule.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let texts = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect();
        Self { texts }
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    pub(crate) fn text_of(&self, path: &str) -> &str {
        self.get(path)
            .unwrap_or_else(|| panic!("{path} is missing"))
    }

    /// Whether `path` is a file or a folder.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.texts.contains_key(path) || self.paths().any(|known| known.starts_with(&folder))
    }

    /// The Rust files whose path begins so.
    pub(crate) fn rust_below(&self, prefix: &str) -> Vec<Source> {
        self.texts()
            .filter(|(path, _)| path.starts_with(prefix) && path.ends_with(".rs"))
            .map(|(path, text)| Source {
                path: path.to_owned(),
                text: text.to_owned(),
            })
            .collect()
    }
}
