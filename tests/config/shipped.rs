//! `config/chat.toml` and `docs/configuration.md`: what they say is what the code does.

use std::fs;

use chatd::config::keys::{self, KeyInfo};
use chatd::config::{Config, Source, paths};

use super::{ana, load, of_project};

fn shipped() -> String {
    fs::read_to_string(of_project("config/chat.toml")).unwrap()
}

/// The line of comment that says what a key allows and when a change comes into force.
fn facts(key: &KeyInfo) -> String {
    let mut expected = key.expected.clone();
    expected[..1].make_ascii_uppercase();
    let change = match key.needs_restart {
        true => "Needs a restart.",
        false => "A reload is enough.",
    };
    format!("# {expected}. {change}")
}

#[test]
fn the_shipped_file_is_exactly_the_defaults() {
    let loaded = load(&shipped());
    assert_eq!(loaded.config, Config::defaults(&paths::directories(&ana())));
    assert_eq!(loaded.warnings, Vec::<String>::new());
}

#[test]
fn the_shipped_file_writes_out_every_default_that_is_the_same_for_everyone() {
    let loaded = load(&shipped());
    let left_out: Vec<&str> = loaded
        .effective
        .iter()
        .filter(|key| key.source == Source::Default)
        .map(|key| key.key.as_str())
        .collect();
    assert_eq!(
        left_out,
        [
            "history.path",
            "accounts.path",
            "log.directory",
            "admin.socket"
        ]
    );
}

#[test]
fn the_shipped_file_explains_every_key_in_its_section_with_its_bounds() {
    let text = shipped();
    for key in keys::all() {
        let heading = match key.section {
            "listen" => "\n[[listen]]\n".to_owned(),
            // There is nobody by default.
            "oper" => "\n# [[oper]]\n".to_owned(),
            section => format!("\n[{section}]\n"),
        };
        let start = text.find(&heading).expect(&heading) + heading.len();
        let end = text[start..]
            .find("\n[")
            .map_or(text.len(), |length| start + length);
        let section = &text[start..end];

        let with_facts = |assignment: &str| {
            section.contains(&format!("{}\n{assignment}{} = ", facts(&key), key.name))
        };
        assert!(
            with_facts("") || with_facts("# "),
            "[{}] {} should stand below the line {:?}",
            key.section,
            key.name,
            facts(&key)
        );
    }
}

#[test]
fn what_the_shipped_file_has_commented_out_is_valid_when_the_comment_sign_is_taken_off() {
    let text = shipped()
        .replace("\n# path = ", "\npath = ")
        .replace("\n# directory = ", "\ndirectory = ")
        .replace("\n# socket = ", "\nsocket = ")
        // A Unix socket stands instead of address and port.
        .replace("\naddress = ", "\n# address = ")
        .replace("\nport = ", "\n# port = ")
        .replace("\n# unix = ", "\nunix = ");
    let loaded = load(&text);
    let from_file = |key: &str| {
        let effective = loaded.effective.iter().find(|known| known.key == key);
        matches!(effective.map(|key| &key.source), Some(Source::File { .. }))
    };
    for key in [
        "history.path",
        "log.directory",
        "admin.socket",
        "listen[0].unix",
    ] {
        assert!(from_file(key), "{key}");
    }
}

#[test]
fn the_reference_lists_every_key_as_the_code_has_it() {
    let mut table = String::from(
        "| Key | Allowed | Default | A change needs | What it is |\n|---|---|---|---|---|\n",
    );
    for key in keys::all() {
        let section = match key.section {
            "listen" => "listen[N]",
            "oper" => "oper[N]",
            section => section,
        };
        let default = key
            .default
            .as_ref()
            .map_or_else(|| "see right".to_owned(), |value| format!("`{value}`"));
        table.push_str(&format!(
            "| `{section}.{}` | {} | {default} | {} | {} |\n",
            key.name,
            key.expected,
            if key.needs_restart {
                "restart"
            } else {
                "reload"
            },
            key.about,
        ));
    }
    let reference = fs::read_to_string(of_project("docs/configuration.md")).unwrap();
    assert!(
        reference.contains(&table),
        "docs/configuration.md should contain this table:\n{table}"
    );
}
