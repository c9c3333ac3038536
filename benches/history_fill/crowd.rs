//! Who speaks, and where: a few people and rooms have most of the talk, as they do everywhere.

use chatd::hub::history::{Author, OwnerId, Place};
use chatd::hub::id::UserKey;
use chatd::hub::name::{Nick, RoomName};
use serde_json::{Value, json};

use super::talk::{Chance, Zipf};

const PEOPLE: usize = 3000;
const ROOMS: usize = 200;

/// So many of a hundred messages are private.
const PRIVATE_PERCENT: u64 = 15;

/// People with whom one has private conversations.
const FRIENDS: usize = 12;

/// People who are told in the report, so that somebody can ask for their conversations.
const TOLD: usize = 50;

pub(crate) struct Crowd {
    people: Vec<Author>,
    rooms: Vec<RoomName>,
    who: Zipf,
    whither: Zipf,
}

impl Crowd {
    pub(crate) fn new() -> Self {
        let person = |number| Author {
            owner: OwnerId::of(key(number)),
            nick: Nick::parse(&nick(number)).expect("a nick"),
        };
        let room = |number| RoomName::parse(&format!("#talk-{number}")).expect("a room's name");
        Self {
            people: (0..PEOPLE).map(person).collect(),
            rooms: (0..ROOMS).map(room).collect(),
            who: Zipf::new(PEOPLE, 1.0),
            whither: Zipf::new(ROOMS, 1.1),
        }
    }

    pub(crate) fn speaks(&self, in_a_room: bool, chance: &mut Chance) -> (Author, Place) {
        let who = self.who.draw(chance);
        let from = self.people[who].clone();
        if in_a_room || chance.below(100) >= PRIVATE_PERCENT {
            let room = self.rooms[self.whither.draw(chance)].clone();
            return (from, Place::Room(room));
        }
        let step = 1 + chance.index(FRIENDS);
        let to = self.people[(who + step) % PEOPLE].clone();
        let is_unheard = false;
        (from, Place::User { to, is_unheard })
    }

    /// From the busiest to the quietest.
    pub(crate) fn room_names(&self) -> Vec<&str> {
        self.rooms.iter().map(RoomName::as_str).collect()
    }

    /// Nicks with their keys, and one whom they have written to.
    pub(crate) fn logins(&self) -> Vec<Value> {
        let login = |number: usize| {
            let UserKey(key) = key(number);
            json!({"nick": nick(number), "key": format!("{key:032x}"), "friend": nick(number + 1)})
        };
        (0..TOLD).map(login).collect()
    }
}

/// Made-up people need no secret.
fn key(number: usize) -> UserKey {
    UserKey(0x00c0_ffee_0000 + number as u128)
}

fn nick(number: usize) -> String {
    format!("person-{number}")
}
