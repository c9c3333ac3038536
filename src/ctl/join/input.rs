//! What the user typed, understood: a line becomes an [`Input`] or a sentence that says what was
//! meant to be written. Pure. The commands of the first chat client are all here.

use super::order::{self, Order};
use crate::ctl::when::is_msgid;
use crate::wire::chat::Kind;

/// Most lines that one `/history` asks for: what the server gives at once.
const LINES_MAX: u64 = 1000;

/// The commands, as the user completes them and as they are suggested.
pub const COMMANDS: [&str; 38] = [
    "/away",
    "/back",
    "/ban",
    "/bans",
    "/delete",
    "/deop",
    "/devoice",
    "/edit",
    "/h",
    "/help",
    "/history",
    "/i",
    "/ignore",
    "/invite",
    "/join",
    "/kick",
    "/leave",
    "/ls",
    "/me",
    "/mine",
    "/mute",
    "/names",
    "/nick",
    "/op",
    "/owner",
    "/part",
    "/quit",
    "/rename",
    "/room",
    "/rooms",
    "/say",
    "/search",
    "/topic",
    "/unban",
    "/unignore",
    "/unmute",
    "/voice",
    "/whois",
];

/// What `/help` shows.
pub const HELP: &str = "\
text               say it to the room that the prompt names
@nick text         say it to one user
/me text           say what you do
/ls                who is here
/names [#room]     who is in a room
/rooms             which rooms there are
/join #room [key]  enter a room, or make it the one that you speak to
/invite nick       let someone into this room
/part [#room]      leave a room; /leave does the same
/topic [text]      show or set the topic; /topic --clear takes it away
/nick name         take another name
/away [text]       be away; without a text, or with /back, be back
/whois nick        where someone is
/ignore [nick]     hear nothing from someone; alone, list whom you ignore
/unignore nick     hear them again
/i                 switch group chat off and on for yourself
/history [N]       older lines; so does PgUp. /history @nick, /history #room: of those
/search words      lines in which all of these words stand, wherever you may read
/edit text         another text for what you said last; /delete takes it away
/mine              what you said last, with the ids for /edit ID text and /delete ID
/kick nick [why]   take someone out of this room; who keeps order may
/ban who [10m] [why]   keep someone out: a nick, nicks*, an address, account:NAME; /unban who
/mute who [10m] [why]  let someone no longer speak here; /unmute who. /bans: all that holds here
/op nick, /voice nick, /owner nick   give a role here; /deop, /devoice take it away
/room [setting value]  what is set about this room, or set it: /room slow-mode 30, /room key off
/rename #new [why] give this room another name; who owns it may
/help, /h          this
/quit [text]       leave; so does Ctrl-D
//text, /say text  say a text that begins with a slash, or with @";

/// One thing that the user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Nothing was typed.
    Nothing,
    /// To the current room.
    Say(String),
    /// `/me`, to the current room.
    Act(String),
    Private {
        nick: String,
        text: String,
    },
    Users,
    /// Of the current room when none is named.
    Names(Option<String>),
    Rooms,
    Join {
        room: String,
        /// Where the room has one.
        key: Option<String>,
    },
    /// In the current room.
    Order(Order),
    Part(Option<String>),
    Topic(Topic),
    Nick(String),
    /// `None` is back.
    Away(Option<String>),
    Whois(String),
    Ignore {
        nick: String,
        on: bool,
    },
    Ignores,
    RoomChat,
    /// Older lines: of which conversation, and how many, unless the current room and a few.
    History {
        of: Option<String>,
        count: Option<u64>,
    },
    Search(String),
    /// Of the own message with this id, or of the last one.
    Edit {
        msgid: Option<String>,
        text: String,
    },
    Delete {
        msgid: Option<String>,
    },
    /// The last own messages, with their ids.
    Mine,
    Help,
    Quit(Option<String>),
}

/// What to do with the current room's topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    Show,
    Set(String),
    Clear,
}

/// Understands one line.
///
/// # Errors
/// A sentence for the user; nothing is to be sent.
pub fn parse(line: &str) -> Result<Input, String> {
    let line = line.trim_end();
    if line.trim_start().is_empty() {
        return Ok(Input::Nothing);
    }
    if let Some(rest) = line.strip_prefix('@') {
        let (nick, text) = word(rest);
        return match text {
            Some(text) if !nick.is_empty() => Ok(Input::Private { nick, text }),
            _ => Err("write @nick text".into()),
        };
    }
    match line.strip_prefix('/') {
        Some(rest) if rest.starts_with('/') => Ok(Input::Say(rest.to_owned())),
        Some(rest) => command(rest),
        None => Ok(Input::Say(line.to_owned())),
    }
}

fn command(rest: &str) -> Result<Input, String> {
    let (name, argument) = word(rest);
    let needed = |what: &str| {
        argument
            .clone()
            .ok_or_else(|| format!("write /{name} {what}"))
    };
    let one_word = |what: &str| {
        let text = needed(what)?;
        if text.contains(char::is_whitespace) {
            return Err(format!("write /{name} {what}, without spaces in it"));
        }
        Ok(text)
    };
    Ok(match name.as_str() {
        "ls" => Input::Users,
        "h" | "help" => Input::Help,
        "i" => Input::RoomChat,
        "mine" => Input::Mine,
        "say" => Input::Say(needed("text")?),
        "me" => Input::Act(needed("text")?),
        "names" => Input::Names(argument.as_deref().map(room)),
        "rooms" => Input::Rooms,
        "join" => join(&needed("#room, and its key if it has one")?)?,
        "part" | "leave" => Input::Part(argument.as_deref().map(room)),
        "topic" => Input::Topic(match argument.as_deref() {
            None => Topic::Show,
            Some("--clear") => Topic::Clear,
            Some(text) => Topic::Set(text.to_owned()),
        }),
        "nick" => Input::Nick(one_word("name")?),
        "away" => Input::Away(argument),
        "back" => Input::Away(None),
        "whois" => Input::Whois(nick(&one_word("nick")?)),
        "ignore" if argument.is_none() => Input::Ignores,
        "ignore" => Input::Ignore {
            nick: nick(&one_word("nick")?),
            on: true,
        },
        "unignore" => Input::Ignore {
            nick: nick(&one_word("nick")?),
            on: false,
        },
        "history" => history(argument.as_deref())?,
        "search" => Input::Search(needed("words")?),
        "edit" => edit(&needed("text")?)?,
        "delete" => Input::Delete {
            msgid: argument.as_deref().map(msgid).transpose()?,
        },
        "quit" => Input::Quit(argument),
        "register" | "passwd" => return Err(password_elsewhere(&name)),
        _ => match order::parse(&name, argument.as_deref()) {
            Some(order) => Input::Order(order?),
            None => return Err(unknown(&name)),
        },
    })
}

/// What is typed here is seen, and stays on the screen.
fn password_elsewhere(command: &str) -> String {
    format!("a password would be seen here: /quit, then use chatctl {command} NAME in the shell")
}

fn join(argument: &str) -> Result<Input, String> {
    let (name, key) = word(argument);
    if key
        .as_deref()
        .is_some_and(|key| key.contains(char::is_whitespace))
    {
        return Err("write /join #room, or /join #room key, without spaces in them".to_owned());
    }
    let room = room(&name);
    Ok(Input::Join { room, key })
}

fn history(argument: Option<&str>) -> Result<Input, String> {
    let (mut of, mut count) = (None, None);
    for word in argument.unwrap_or_default().split_whitespace() {
        match word.parse() {
            Ok(number @ 1..=LINES_MAX) if count.is_none() => count = Some(number),
            Err(_) if of.is_none() && word.starts_with(['#', '@']) && word.len() > 1 => {
                of = Some(word.to_owned());
            }
            Ok(_) | Err(_) => {
                return Err(format!(
                    "write /history, and what you like of #room or @nick and a number up to {LINES_MAX}"
                ));
            }
        }
    }
    Ok(Input::History { of, count })
}

fn edit(argument: &str) -> Result<Input, String> {
    let (first, rest) = word(argument);
    if !is_msgid(&first) {
        return Ok(Input::Edit {
            msgid: None,
            text: argument.to_owned(),
        });
    }
    Ok(Input::Edit {
        msgid: Some(first),
        text: rest.ok_or("write /edit id text, or /delete id")?,
    })
}

fn msgid(word: &str) -> Result<String, String> {
    if is_msgid(word) {
        Ok(word.to_owned())
    } else {
        Err("write /delete, or /delete and the id of a message".to_owned())
    }
}

/// The line that says a text as it was said: to a user, or to the current room.
#[must_use]
pub fn line_again(to: &str, text: &str, kind: Kind) -> String {
    if to.starts_with('@') {
        return format!("{to} {text}");
    }
    match kind {
        Kind::Action => format!("/me {text}"),
        Kind::Text | Kind::Notice if text.starts_with(['/', '@']) => format!("/say {text}"),
        Kind::Text | Kind::Notice => text.to_owned(),
    }
}

/// A room name as people write it: the `#` may be left out.
#[must_use]
pub fn room(text: &str) -> String {
    if text.starts_with('#') {
        text.to_owned()
    } else {
        format!("#{text}")
    }
}

pub(super) fn nick(text: &str) -> String {
    text.strip_prefix('@').unwrap_or(text).to_owned()
}

/// The first word, and what follows it if anything does.
pub(super) fn word(text: &str) -> (String, Option<String>) {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    (
        first.to_owned(),
        (!rest.is_empty()).then(|| rest.to_owned()),
    )
}

fn unknown(name: &str) -> String {
    let wanted = format!("/{name}");
    let nearest = COMMANDS
        .iter()
        .map(|command| (strsim::damerau_levenshtein(command, &wanted), *command))
        .min();
    match nearest {
        Some((distance, command)) if distance <= 2 && wanted.len() > 2 => {
            format!("there is no {wanted}; did you mean {command}? Nothing was sent")
        }
        _ => format!(
            "there is no {wanted}; /help lists the commands, /{wanted} says it. Nothing was sent"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private(nick: &str, text: &str) -> Input {
        Input::Private {
            nick: nick.into(),
            text: text.into(),
        }
    }

    #[test]
    fn text_is_said_as_it_is() {
        assert_eq!(parse("hello  you "), Ok(Input::Say("hello  you".into())));
        assert_eq!(parse("  indented"), Ok(Input::Say("  indented".into())));
        assert_eq!(parse(" \t"), Ok(Input::Nothing));
        assert_eq!(parse("//etc/passwd"), Ok(Input::Say("/etc/passwd".into())));
        assert_eq!(parse("a\nb"), Ok(Input::Say("a\nb".into())));
    }

    #[test]
    fn the_old_clients_commands_are_understood() {
        assert_eq!(parse("@ben hi  there"), Ok(private("ben", "hi  there")));
        assert_eq!(parse("/ls"), Ok(Input::Users));
        assert_eq!(parse("/help"), Ok(Input::Help));
        assert_eq!(parse("/h"), Ok(Input::Help));
        assert_eq!(parse("/i"), Ok(Input::RoomChat));
    }

    #[test]
    fn a_line_said_again_goes_where_it_went() {
        for (to, text, kind, input) in [
            ("#dev", "hi", Kind::Text, Input::Say("hi".into())),
            ("#dev", "/etc", Kind::Text, Input::Say("/etc".into())),
            ("#dev", "@all", Kind::Text, Input::Say("@all".into())),
            ("#dev", "waves", Kind::Action, Input::Act("waves".into())),
            ("@ben", "for you", Kind::Text, private("ben", "for you")),
        ] {
            assert_eq!(parse(&line_again(to, text, kind)), Ok(input), "{text}");
        }
    }

    #[test]
    fn commands_take_their_arguments() {
        let join = |room: &str, key: Option<&str>| Input::Join {
            room: room.into(),
            key: key.map(Into::into),
        };
        for (line, input) in [
            ("/join dev", join("#dev", None)),
            ("/join #dev", join("#dev", None)),
            ("/join #dev sesame", join("#dev", Some("sesame"))),
            ("/bans", Input::Order(Order::Rules)),
            ("/part", Input::Part(None)),
            ("/part dev", Input::Part(Some("#dev".into()))),
            ("/topic", Input::Topic(Topic::Show)),
            ("/topic --clear", Input::Topic(Topic::Clear)),
            ("/topic new one", Input::Topic(Topic::Set("new one".into()))),
            ("/nick bob", Input::Nick("bob".into())),
            ("/away at lunch", Input::Away(Some("at lunch".into()))),
            ("/away", Input::Away(None)),
            ("/me waves", Input::Act("waves".into())),
            ("/whois @ben", Input::Whois("ben".into())),
            ("/ignore", Input::Ignores),
            ("/quit see you", Input::Quit(Some("see you".into()))),
            ("/names", Input::Names(None)),
        ] {
            assert_eq!(parse(line), Ok(input), "{line}");
        }
        let ignore = |on| Input::Ignore {
            nick: "ben".into(),
            on,
        };
        assert_eq!(parse("/ignore ben"), Ok(ignore(true)));
        assert_eq!(parse("/unignore @ben"), Ok(ignore(false)));
    }

    #[test]
    fn questions_about_earlier_lines_and_changes_to_them() {
        let history = |of: Option<&str>, count| Input::History {
            of: of.map(Into::into),
            count,
        };
        let edit = |msgid: Option<&str>, text: &str| Input::Edit {
            msgid: msgid.map(Into::into),
            text: text.into(),
        };
        for (line, input) in [
            ("/history", history(None, None)),
            ("/history 100", history(None, Some(100))),
            ("/history @ben", history(Some("@ben"), None)),
            ("/history 5 #dev", history(Some("#dev"), Some(5))),
            ("/search red car", Input::Search("red car".into())),
            ("/edit no, blue", edit(None, "no, blue")),
            ("/edit international", edit(None, "international")),
            ("/edit 1k83q4ck00002 x", edit(Some("1k83q4ck00002"), "x")),
            ("/delete", Input::Delete { msgid: None }),
            ("/mine", Input::Mine),
        ] {
            assert_eq!(parse(line), Ok(input), "{line}");
        }
        for line in [
            "/history 0",
            "/history ben",
            "/delete it",
            "/search",
            "/edit",
        ] {
            let said = parse(line).unwrap_err();
            assert!(said.starts_with("write "), "{line}: {said}");
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        for line in [
            "/join",
            "/nick",
            "/me",
            "@ben",
            "@",
            "@ hello",
            "/nick two words",
            "/join #dev open sesame",
            "/kick",
        ] {
            let said = parse(line).unwrap_err();
            assert!(said.starts_with("write "), "{line}: {said}");
        }
    }

    #[test]
    fn a_password_is_not_typed_where_it_is_seen() {
        for (line, command) in [
            ("/register ana correct horse", "chatctl register NAME"),
            ("/passwd", "chatctl passwd NAME"),
        ] {
            let refused = parse(line).expect_err(line);
            assert!(refused.contains(command), "{refused}");
            assert!(!refused.contains("horse"), "{refused}");
        }
    }

    #[test]
    fn an_unknown_command_is_not_sent_and_the_nearest_is_named() {
        assert!(
            parse("/jion #dev")
                .unwrap_err()
                .contains("did you mean /join?")
        );
        assert!(parse("/topics").unwrap_err().contains("/topic"));
        let far = parse("/frobnicate").unwrap_err();
        assert!(far.contains("there is no /frobnicate") && far.contains("//frobnicate"));
    }

    #[test]
    fn every_listed_command_exists() {
        for command in COMMANDS {
            let outcome = parse(&format!("{command} x"));
            assert!(
                !outcome
                    .as_ref()
                    .is_err_and(|said| said.contains("there is no")),
                "{command}: {outcome:?}"
            );
        }
    }
}
