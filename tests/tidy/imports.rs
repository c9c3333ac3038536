//! The import rule. The table stands in the docs of `src/lib.rs`, once; here it is read and held
//! against the sources. A module belongs to the longest row that its path begins with; it may name
//! what belongs to its own row, to the rows it lists, std, and the crates it lists.

use std::collections::BTreeSet;

use super::source::{Mention, ModulePath, Source};

/// The rows, in the order of dependence.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    module: ModulePath,
    /// `crate::hub` for a row of this table, `tokio` for another crate.
    allowed: BTreeSet<String>,
}

impl Table {
    /// Reads the rows from the doc comment: ``| `module` | `import`, … | `crate`, … |``.
    pub(crate) fn parse(lib: &str) -> Result<Self, String> {
        let mut rows: Vec<Row> = Vec::new();
        for line in lib.lines().filter(|line| line.starts_with("//! | `")) {
            let mut cells = line.split('|').skip(1).map(code_words);
            let (Some(module), Some(imports), Some(crates)) =
                (cells.next(), cells.next(), cells.next())
            else {
                return Err(format!("a row needs three cells: {line}"));
            };
            let [module] = module.as_slice() else {
                return Err(format!("a row is about one module: {line}"));
            };
            let mut allowed: BTreeSet<String> = crates.into_iter().map(str::to_owned).collect();
            for import in imports {
                // Imports point up the table, but for a folder and its own parts.
                let is_above = rows.iter().any(|row| row.module == path(import));
                let is_kin = path(import).starts_with(&path(module))
                    || path(module).starts_with(&path(import));
                if !is_above && !is_kin {
                    return Err(format!(
                        "{module} imports {import}, which must stand above it"
                    ));
                }
                allowed.insert(format!("crate::{import}"));
            }
            rows.push(Row {
                module: path(module),
                allowed,
            });
        }
        if rows.is_empty() {
            return Err("src/lib.rs has no import table".to_owned());
        }
        Ok(Self { rows })
    }

    /// What the sources do that the table does not allow, and what it allows and nobody does.
    pub(crate) fn violations(&self, sources: &[Source], crates: &BTreeSet<String>) -> Vec<String> {
        let modules: BTreeSet<ModulePath> = sources.iter().map(Source::module).collect();
        let mut found = Vec::new();
        let mut used = BTreeSet::new();
        // The root has no code, only the list of modules.
        for source in sources.iter().filter(|source| !source.module().is_empty()) {
            let Some(row) = self.owner(&source.module()) else {
                found.push(format!(
                    "{}: no row of the import table is about it",
                    source.path
                ));
                continue;
            };
            // One finding per file and need, at the first place: enough to find the rest.
            let mut told = BTreeSet::new();
            for mention in source.mentions(&modules) {
                let Some(need) = self.need(row, &mention, crates) else {
                    continue;
                };
                if !row.allowed.contains(&need) && told.insert(need.clone()) {
                    let (path, line, module) = (&source.path, mention.line, row.module.join("::"));
                    found.push(format!("{path}:{line}: {module} may not import {need}"));
                }
                used.insert((&row.module, need));
            }
        }
        for row in &self.rows {
            for allowed in &row.allowed {
                if !used.contains(&(&row.module, allowed.clone())) {
                    let module = row.module.join("::");
                    found.push(format!("src/lib.rs: {module} need not import {allowed}"));
                }
            }
        }
        found
    }

    /// The row that a module, or an item in one, belongs to.
    fn owner(&self, path: &[String]) -> Option<&Row> {
        self.rows
            .iter()
            .filter(|row| path.starts_with(&row.module))
            .max_by_key(|row| row.module.len())
    }

    /// What a mention asks of the table; nothing for a row's own items, std and local names.
    fn need(&self, row: &Row, mention: &Mention, crates: &BTreeSet<String>) -> Option<String> {
        let (root, rest) = mention.path.split_first()?;
        if root != "crate" {
            return crates.contains(root).then(|| root.clone());
        }
        let owner = self.owner(rest).map(|owner| &owner.module);
        if rest.is_empty() || owner == Some(&row.module) {
            return None;
        }
        Some(format!(
            "crate::{}",
            owner.map_or_else(String::new, |module| module.join("::"))
        ))
    }
}

/// The names of the crates that the product may use; those for tests are free to all.
pub(crate) fn declared_crates(manifest: &str) -> BTreeSet<String> {
    let manifest: toml::Table = manifest.parse().expect("Cargo.toml is TOML");
    let table = manifest["dependencies"]
        .as_table()
        .expect("dependencies are a table");
    table.keys().map(|name| name.replace('-', "_")).collect()
}

fn path(text: &str) -> ModulePath {
    text.split("::").map(str::to_owned).collect()
}

/// The words between backquotes.
fn code_words(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
        //! | module | may import | crates |\n\
        //! |---|---|---|\n\
        //! | `hub` | | |\n\
        //! | `daemon::protocol` | `daemon::protocol::chat`, `hub` | |\n\
        //! | `daemon::protocol::chat` | `daemon::protocol` | `serde_json` |\n\
        //! | `daemon::engine` | `daemon::protocol` | `tokio` |\n";

    fn violations(files: &[(&str, &str)]) -> Vec<String> {
        let all = [
            ("src/lib.rs", "pub mod hub; pub mod daemon;"),
            ("src/hub/mod.rs", "pub struct Hub;"),
            (
                "src/daemon/protocol/mod.rs",
                "use crate::hub::Hub; pub mod chat; fn f() { chat::go() }",
            ),
            (
                "src/daemon/protocol/chat/mod.rs",
                "use super::Facts; use serde_json::Value;",
            ),
            (
                "src/daemon/engine/mod.rs",
                "use tokio::net; use crate::daemon::protocol::Facts;",
            ),
        ];
        let sources: Vec<Source> = all
            .iter()
            .filter(|(path, _)| files.iter().all(|(other, _)| path != other))
            .chain(files)
            .map(|(path, text)| Source {
                path: (*path).into(),
                text: (*text).into(),
            })
            .collect();
        let crates = ["tokio", "serde_json"].map(str::to_owned).into();
        Table::parse(TABLE)
            .expect("a good table")
            .violations(&sources, &crates)
    }

    #[test]
    fn what_the_table_says_passes() {
        assert_eq!(violations(&[]), [""; 0]);
    }

    #[test]
    fn a_forbidden_crate_is_named_with_its_line() {
        let found = violations(&[(
            "src/hub/mod.rs",
            "pub struct Hub;\nuse std::io;\nuse tokio::net;",
        )]);
        assert_eq!(found, ["src/hub/mod.rs:3: hub may not import tokio"]);
    }

    #[test]
    fn a_path_up_the_table_is_found_without_a_use() {
        let found = violations(&[("src/hub/mod.rs", "fn f() { crate::daemon::engine::run() }")]);
        assert_eq!(
            found,
            ["src/hub/mod.rs:1: hub may not import crate::daemon::engine"]
        );
    }

    #[test]
    fn the_engine_knows_the_door_and_not_what_is_behind_it() {
        let text = "use tokio::net; use crate::daemon::protocol; fn f() { protocol::chat::go() }";
        let found = violations(&[("src/daemon/engine/mod.rs", text)]);
        let line = "src/daemon/engine/mod.rs:1: daemon::engine may not import";
        assert_eq!(found, [format!("{line} crate::daemon::protocol::chat")]);
    }

    #[test]
    fn a_module_without_a_row_and_a_right_without_a_user_are_found() {
        let found = violations(&[
            ("src/store.rs", ""),
            ("src/daemon/engine/mod.rs", "use tokio::net;"),
        ]);
        assert_eq!(
            found,
            [
                "src/store.rs: no row of the import table is about it",
                "src/lib.rs: daemon::engine need not import crate::daemon::protocol",
            ]
        );
    }

    #[test]
    fn a_table_that_points_down_is_refused() {
        let error = Table::parse("//! | `hub` | `wire` | |\n//! | `wire` | | |\n").unwrap_err();
        assert_eq!(error, "hub imports wire, which must stand above it");
        assert!(Table::parse("//! no table").is_err());
        assert!(Table::parse("//! | `hub` | `wire`\n").is_err());
    }
}
