//! What Tab offers: commands and nicks at the beginning of a line, rooms and nicks where a command
//! takes one. Pure; the words come from the conversation, without those that no terminal should see.

use std::collections::BTreeSet;

use super::input::COMMANDS;
use super::order::SETTINGS;
use crate::ctl::sanitize;

/// The words of the conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Of the current room.
    pub nicks: BTreeSet<String>,
    pub rooms: BTreeSet<String>,
}

impl Words {
    /// Collects words, leaving out what could harm a terminal.
    pub fn new<'a>(
        nicks: impl IntoIterator<Item = &'a String>,
        rooms: impl IntoIterator<Item = &'a String>,
    ) -> Self {
        let harmless = |word: &&String| !word.chars().any(sanitize::is_unsafe);
        Self {
            nicks: nicks.into_iter().filter(harmless).cloned().collect(),
            rooms: rooms.into_iter().filter(harmless).cloned().collect(),
        }
    }
}

/// Where the word under the cursor begins, and what could stand there instead.
#[must_use]
pub fn complete(line: &str, cursor: usize, words: &Words) -> (usize, Vec<String>) {
    let before = &line[..cursor];
    let start = before.rfind(char::is_whitespace).map_or(0, |at| {
        at + before[at..].chars().next().map_or(1, char::len_utf8)
    });
    let word = &before[start..];
    let found = if start == 0 {
        first_word(word, words)
    } else {
        later_word(word, before[..start].trim_end(), words)
    };
    (start, found)
}

fn first_word(word: &str, words: &Words) -> Vec<String> {
    if word.starts_with('/') {
        let commands = COMMANDS.iter().filter(|command| command.starts_with(word));
        return commands.map(|command| format!("{command} ")).collect();
    }
    match word.strip_prefix('@') {
        Some(nick) => matching(nick, &words.nicks, |nick| format!("@{nick} ")),
        None if word.is_empty() => Vec::new(),
        None => matching(word, &words.nicks, |nick| format!("{nick}: ")),
    }
}

fn later_word(word: &str, before: &str, words: &Words) -> Vec<String> {
    if matches!(before, "/join" | "/part" | "/leave" | "/names") || word.starts_with('#') {
        let name = word.strip_prefix('#').unwrap_or(word);
        let rooms = &words.rooms;
        return matching(&format!("#{name}"), rooms, |room| format!("{room} "));
    }
    if before == "/room" {
        let fitting = SETTINGS.iter().filter(|it| it.starts_with(word));
        return fitting.map(|setting| format!("{setting} ")).collect();
    }
    match word.strip_prefix('@') {
        Some(nick) => matching(nick, &words.nicks, |nick| format!("@{nick} ")),
        None if word.is_empty() && !before.starts_with('/') => Vec::new(),
        None => matching(word, &words.nicks, |nick| format!("{nick} ")),
    }
}

/// The words that begin like this one, regardless of case.
fn matching(
    beginning: &str,
    words: &BTreeSet<String>,
    form: impl Fn(&str) -> String,
) -> Vec<String> {
    let beginning = beginning.to_lowercase();
    words
        .iter()
        .filter(|word| word.to_lowercase().starts_with(&beginning))
        .map(|word| form(word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(line: &str) -> Vec<String> {
        let nicks = ["nina", "Nick", "ben", "e\x1b[2Jvil"].map(String::from);
        let rooms = ["#lobby", "#dev"].map(String::from);
        let words = Words::new(&nicks, &rooms);
        complete(line, line.len(), &words).1
    }

    #[test]
    fn nicks_begin_a_line_as_an_address() {
        assert_eq!(offers("ni"), ["Nick: ", "nina: "]);
        assert_eq!(offers("@ni"), ["@Nick ", "@nina "]);
        assert_eq!(offers("thank you be"), ["ben "]);
        assert_eq!(offers("ask @be"), ["@ben "]);
        assert!(offers("").is_empty());
    }

    #[test]
    fn commands_and_their_arguments() {
        assert_eq!(offers("/jo"), ["/join "]);
        assert_eq!(offers("/join "), ["#dev ", "#lobby "]);
        assert_eq!(offers("/join l"), ["#lobby "]);
        assert_eq!(offers("see #d"), ["#dev "]);
        assert_eq!(offers("/whois N"), ["Nick ", "nina "]);
        assert_eq!(offers("/kick b"), ["ben "]);
        assert_eq!(offers("/room mem"), ["members-hidden ", "members-max "]);
    }

    #[test]
    fn what_could_harm_a_terminal_is_not_offered() {
        assert!(offers("e").is_empty());
    }

    #[test]
    fn the_word_under_the_cursor_is_replaced() {
        let words = Words::new(&["ben".to_owned()], &[]);
        assert_eq!(complete("한 be!", 6, &words), (4, vec!["ben ".to_owned()]));
    }
}
