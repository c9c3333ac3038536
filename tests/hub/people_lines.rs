//! What people show of themselves and want to know, as lines.

use std::sync::Arc;

use chatd::hub::command::{Command, Survey};
use chatd::hub::event::EventPlace;
use chatd::hub::name::{Nick, RoomName};
use chatd::hub::output::Surveyed;
use chatd::hub::people::metadata::{
    Answer as MetadataAnswer, MetadataKey, Of, Request as MetadataRequest,
};
use chatd::hub::people::modes::{UserMode, UserModes};
use chatd::hub::people::watch::Watch;
use chatd::hub::people::{Answer, News, Request};
use chatd::hub::persona::Introduction;
use chatd::hub::secret::Secret;

/// What somebody does, if it is of this kind.
pub(super) fn command(words: &[&str], text: Option<&Arc<str>>) -> Option<Command> {
    let nick = |name: &str| Nick::parse(name).unwrap();
    let request = match words {
        // `ana`, or `ana!~user`.
        ["introduces", "herself", "as", who] => {
            let (name, username) = who.split_once('!').unwrap_or((who, "~u"));
            return Some(Command::Login {
                nick: nick(name),
                key: None,
                enter_default_room: false,
                does_resume: false,
                since: None,
                introduction: Some(Introduction {
                    username: username.into(),
                    realname: text.map_or_else(|| name.into(), Arc::clone),
                }),
            });
        }
        ["asks", "who", "was", name] => {
            let (nick, most) = (nick(name), 3);
            return Some(Command::Survey(Survey::Gone { nick, most }));
        }
        ["asks", "how", "many", "are", "here"] => return Some(Command::Survey(Survey::Counts)),
        ["asks", "for", "everybody"] => return Some(Command::Survey(Survey::Users)),
        ["asks", "which", "of", names @ ..] => {
            let nicks = names.iter().map(|name| nick(name)).collect();
            return Some(Command::Survey(Survey::Some(nicks)));
        }
        ["looks", "up", name] => return Some(Command::Survey(Survey::User(nick(name)))),
        ["calls", "herself"] => Request::SetRealName(text.map_or_else(|| "".into(), Arc::clone)),
        ["switches", "on", name] => Request::SetModes {
            on: mode(name),
            off: UserModes::default(),
        },
        ["switches", "off", name] => Request::SetModes {
            on: UserModes::default(),
            off: mode(name),
        },
        ["says", "to", "be", name] => Request::Operate {
            name: (*name).into(),
            password: Secret::new(text.map_or("", |text| text)).unwrap(),
        },
        ["resigns"] => Request::Resign,
        ["tells", "all"] => Request::Wallops(text.map_or_else(|| "".into(), Arc::clone)),
        ["watches", "nobody"] => Request::Watch(Watch::Clear),
        ["watches", "no", name] => Request::Watch(Watch::Remove(vec![nick(name)])),
        ["watches", names @ ..] => {
            let nicks = names.iter().map(|name| nick(name)).collect();
            Request::Watch(Watch::Add(nicks))
        }
        ["asks", "whom", "she", "watches"] => Request::Watch(Watch::List),
        ["asks", "who", "is", "here"] => Request::Watch(Watch::Status),
        ["wants", "to", "hear", "more"] => Request::Watch(Watch::Extend(true)),
        _ => Request::Metadata(metadata_request(words, text)?),
    };
    Some(Command::People(request))
}

fn metadata_request(words: &[&str], text: Option<&Arc<str>>) -> Option<MetadataRequest> {
    let key = |key: &str| MetadataKey::parse(key).unwrap();
    Some(match words {
        ["sets", "key", name, "of", of] => MetadataRequest::Set {
            of: whose(of),
            key: key(name),
            value: text.cloned(),
        },
        ["gets", "key", name, "of", of] => MetadataRequest::Get {
            of: whose(of),
            keys: vec![key(name)],
        },
        ["lists", "keys", "of", of] => MetadataRequest::List(whose(of)),
        ["clears", "keys", "of", of] => MetadataRequest::Clear(whose(of)),
        ["syncs", "keys", "of", of] => MetadataRequest::Sync(whose(of)),
        ["subscribes", "to", keys @ ..] => {
            MetadataRequest::Subscribe(keys.iter().map(|it| key(it)).collect())
        }
        ["unsubscribes", "from", name] => MetadataRequest::Unsubscribe(vec![key(name)]),
        _ => return None,
    })
}

fn whose(of: &str) -> Of {
    match of {
        "herself" => Of::Own,
        room if room.starts_with('#') => Of::Room(RoomName::parse(room).unwrap()),
        nick => Of::User(Nick::parse(nick).unwrap()),
    }
}

fn mode(name: &str) -> UserModes {
    let mut modes = UserModes::default();
    modes.add(match name {
        "invisible" => UserMode::Invisible,
        "wallops" => UserMode::Wallops,
        "bot" => UserMode::Bot,
        other => panic!("there is no mode {other}"),
    });
    modes
}

pub(super) fn surveyed(surveyed: &Surveyed) -> String {
    match surveyed {
        Surveyed::Gone(cards) if cards.is_empty() => "were here: nobody".to_owned(),
        Surveyed::Gone(cards) => {
            let cards = cards.iter();
            let cards = cards.map(|card| format!("{} ({})", card.nick, card.persona.realname));
            format!("were here: {}", cards.collect::<Vec<_>>().join(", "))
        }
        Surveyed::Crowd(crowd) => format!(
            "{} users of at most {}, {} invisible, {} operators, {} unknown, {} rooms",
            crowd.users,
            crowd.most_users,
            crowd.invisible,
            crowd.server_operators,
            crowd.unknown,
            crowd.rooms
        ),
        Surveyed::Users(cards) => {
            let nicks: Vec<&str> = cards.iter().map(|card| card.nick.as_str()).collect();
            format!("cards of [{}]", nicks.join(", "))
        }
        Surveyed::User(card) => {
            let rooms: Vec<&str> = card.rooms.iter().map(|(room, _)| room.as_str()).collect();
            let (nick, name) = (&card.nick, &card.persona.realname);
            format!("card of {nick} ({name}) in [{}]", rooms.join(", "))
        }
        Surveyed::Room(_)
        | Surveyed::Members { .. }
        | Surveyed::Rooms(_)
        | Surveyed::Rules { .. } => {
            format!("survey {surveyed:?}")
        }
    }
}

pub(super) fn news(news: &News) -> String {
    match news {
        News::RealName { nick, text } => format!("{nick} is {text}"),
        News::Wallops { from, text } => format!("{from} to all who want to hear it: {text}"),
        News::Came { nick } => format!("{nick} is here"),
        News::Went { nick } => format!("{nick} is gone"),
        News::Metadata { of, key, value } => match value {
            Some(value) => format!("{} of {} is {value}", key.as_str(), place(of)),
            None => format!("{} of {} is nothing", key.as_str(), place(of)),
        },
    }
}

pub(super) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Modes {
            now,
            is_server_operator,
            ..
        } => {
            let operator = if *is_server_operator {
                ", a server operator"
            } else {
                ""
            };
            format!("modes [{}]{operator}", modes(*now))
        }
        Answer::IsAway { nick, text } => format!("{nick} is away: {text}"),
        Answer::Watched(watched) => {
            let online: Vec<&str> = watched
                .online
                .iter()
                .map(|(nick, _)| nick.as_str())
                .collect();
            format!(
                "here [{}], not here [{}], left off [{}]",
                online.join(", "),
                strings(&watched.offline),
                strings(&watched.left_off)
            )
        }
        Answer::Watching(nicks) => format!("watches [{}]", strings(nicks)),
        Answer::Metadata(answer) => metadata(answer),
    }
}

fn metadata(answer: &MetadataAnswer) -> String {
    match answer {
        MetadataAnswer::Entries { of, entries } => {
            let entry = |(key, value): &(MetadataKey, Option<_>)| match value {
                Some(value) => format!("{}={value}", key.as_str()),
                None => format!("no {}", key.as_str()),
            };
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("metadata of {} [{}]", place(of), entries.join(", "))
        }
        MetadataAnswer::Subscribed { keys, full } => {
            let full = full.as_ref().map_or("", MetadataKey::as_str);
            format!("subscribed to [{}], no room for [{full}]", keys_of(keys))
        }
        MetadataAnswer::Unsubscribed(keys) => format!("unsubscribed from [{}]", keys_of(keys)),
        MetadataAnswer::Subscriptions(keys) => format!("subscriptions [{}]", keys_of(keys)),
        MetadataAnswer::Synced { of, entries, .. } => {
            let entry = |(it, key, value): &(EventPlace, MetadataKey, _)| {
                format!("{} {}={value}", place(it), key.as_str())
            };
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("sync of {} [{}]", place(of), entries.join(", "))
        }
    }
}

fn place(place: &EventPlace) -> &str {
    match place {
        EventPlace::Room(room) | EventPlace::Status(room, _) => room.as_str(),
        EventPlace::User(nick) => nick.as_str(),
    }
}

fn modes(modes: UserModes) -> String {
    let names = modes.iter().map(|mode| match mode {
        UserMode::Invisible => "invisible",
        UserMode::Wallops => "wallops",
        UserMode::Bot => "bot",
    });
    names.collect::<Vec<_>>().join(", ")
}

fn strings(nicks: &[Nick]) -> String {
    let nicks: Vec<&str> = nicks.iter().map(Nick::as_str).collect();
    nicks.join(", ")
}

fn keys_of(keys: &[MetadataKey]) -> String {
    let keys: Vec<&str> = keys.iter().map(MetadataKey::as_str).collect();
    keys.join(", ")
}
