//! The effective config as TOML: it can be fed back as a file, and says where each value is from.

use std::fmt::Write;

use super::load::Loaded;

impl Loaded {
    /// The whole config as a TOML file, with the source of each value behind it.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let mut open = "";
        for key in &self.effective {
            let (section, name) = key
                .key
                .rsplit_once('.')
                .expect("an effective key is section.name");
            if section != open {
                open = section;
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(&header(section));
            }
            let assignment = format!("{name} = {}", key.value);
            writeln!(text, "{assignment:<40} # {}", key.source)
                .expect("writing to a string never fails");
        }
        text
    }
}

/// `[limits]`, and `[[listen]]` for `listen[0]`.
fn header(section: &str) -> String {
    match section.split_once('[') {
        None => format!("[{section}]\n"),
        Some((list, _)) => format!("[[{list}]]\n"),
    }
}
