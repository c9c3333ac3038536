//! What is set about rooms, roles and rules: it is there again at the next start, whatever the disk does
//! meanwhile.

use super::files::stops_the_start;
use super::{CHEAP, NOW, Office, PATIENCE, nick};
use crate::hub::account::{AccountQuestion, Claim};
use crate::hub::history::{OwnerId, Ticket};
use crate::hub::moderation::room::{CharterRecord, RoleRecord, RoomChange, RoomSettings, SETTINGS};
use crate::hub::moderation::rule::{Effect, Rule, RuleId};
use crate::hub::moderation::subject::Subject;
use crate::hub::name::RoomName;
use crate::hub::output::RegistryRecord;
use crate::hub::permission::RoomRole;
use crate::hub::secret::Secret;
use crate::hub::time::UnixMillis;
use crate::registry::{News, RegistryStatus};

/// One value of every setting.
const VALUES: [(&str, &str); 14] = [
    ("external-messages", "on"),
    ("invite-only", "on"),
    ("join-throttle", "5/60"),
    ("key", "tür"),
    ("members-hidden", "on"),
    ("members-max", "10"),
    ("moderated", "on"),
    ("no-ctcp", "on"),
    ("persistent", "on"),
    ("registered-only", "on"),
    ("secret", "on"),
    ("slow-mode", "30"),
    ("topic-locked", "on"),
    ("words", "*darn*,drat"),
];

fn room(text: &str) -> RoomName {
    RoomName::parse(text).unwrap()
}

fn charter(name: &str, values: &[(&str, &str)], roles: &[(u64, &str, RoomRole)]) -> CharterRecord {
    let mut settings = RoomSettings::default();
    for (name, value) in values {
        settings.apply(RoomChange::parse(name, value).unwrap());
    }
    let roles = roles.iter().map(|&(owner, called, role)| RoleRecord {
        owner: OwnerId(owner),
        nick: nick(called),
        role,
    });
    CharterRecord {
        room: room(name),
        settings,
        roles: roles.collect(),
    }
}

fn rule(id: u64, of: Option<&str>, effect: Effect, subject: &str) -> Rule {
    Rule {
        id: RuleId(id),
        room: of.map(room),
        effect,
        subject: Subject::parse(subject).unwrap(),
        by: None,
        reason: None,
        at: NOW,
        until: None,
    }
}

impl Office {
    fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("registry.db")
    }

    fn keep(&self, record: RegistryRecord) {
        self.registry().keep(record);
    }

    /// Waits until so many records are kept; how many at a time.
    fn until_kept(&mut self, records: usize) -> Vec<usize> {
        loop {
            let kept = self.news.iter().filter_map(|news| {
                let News::Kept { records } = news else {
                    return None;
                };
                Some(*records)
            });
            let kept: Vec<usize> = kept.collect();
            if kept.iter().sum::<usize>() >= records {
                return kept;
            }
            self.hear();
        }
    }

    /// Waits until the registry has said this.
    fn until_told(&mut self, is_it: impl Fn(&News) -> bool) {
        while !self.news.iter().any(&is_it) {
            self.hear();
        }
    }

    fn hear(&mut self) {
        self.rings.recv_timeout(PATIENCE).unwrap();
        let registry = self.registry.as_ref().unwrap();
        registry.take_news(&mut self.news);
    }

    /// What another program does to the file.
    pub(super) fn meddle(&self, sql: &str) {
        let file = rusqlite::Connection::open(self.path()).unwrap();
        file.busy_timeout(PATIENCE).unwrap();
        file.execute_batch(sql).unwrap();
    }

    /// From here on no rule can be written.
    fn break_disk(&self) {
        self.meddle(
            "CREATE TRIGGER broken BEFORE INSERT ON rule
             BEGIN SELECT RAISE(ABORT, 'the disk is broken'); END",
        );
    }

    fn mend_disk(&self) {
        self.meddle("DROP TRIGGER broken");
    }
}

#[test]
fn every_setting_role_and_rule_is_there_at_the_next_start() {
    let mut office = Office::open();
    assert_eq!(VALUES.map(|(name, _)| name), SETTINGS);
    let roles = [
        (u64::MAX, "한글", RoomRole::Voiced),
        (3, "Ana", RoomRole::Owner),
        (4, "ben", RoomRole::Operator),
    ];
    let charters = vec![
        charter("#Strict", &VALUES, &roles),
        charter("#topical", &[], &roles[1..2]),
    ];
    let rules = vec![
        rule(1, None, Effect::Ban, "10.0.0.0/8"),
        Rule {
            by: Some(nick("Ana")),
            reason: Some("it's \"so\"; --".into()),
            until: Some(UnixMillis(NOW.0 - 1)),
            ..rule(2, Some("#Strict"), Effect::Mute, "b?d*")
        },
        rule(3, Some("#nowhere-else"), Effect::Exempt, "account:Ben"),
        rule(9, Some("#strict"), Effect::Invite, "2001:db8::/32"),
    ];
    for charter in &charters {
        office.keep(RegistryRecord::Charter(charter.clone()));
    }
    for rule in &rules {
        office.keep(RegistryRecord::Rule(rule.clone()));
    }
    office.open_again(CHEAP);
    assert_eq!(office.known.charters, charters);
    let names: Vec<_> = office
        .known
        .charters
        .iter()
        .map(|it| it.room.as_str())
        .collect();
    assert_eq!(names, ["#Strict", "#topical"], "as they were spelled");
    assert_eq!(office.known.rules, rules, "also the one whose time is over");
    let opening = office.registry().opening();
    assert_eq!((opening.rooms, opening.rules), (2, 4));
}

#[test]
fn what_came_last_is_what_is_kept() {
    let mut office = Office::open();
    let owner = (3, "ana", RoomRole::Owner);
    let ben = (4, "ben", RoomRole::Voiced);
    office.keep(RegistryRecord::Charter(charter(
        "#a",
        &VALUES,
        &[owner, ben],
    )));
    office.keep(RegistryRecord::Charter(charter("#b", &VALUES, &[owner])));
    let ban = rule(1, Some("#a"), Effect::Ban, "eve");
    office.keep(RegistryRecord::Rule(ban.clone()));
    office.keep(RegistryRecord::Rule(rule(2, None, Effect::Ban, "eve")));
    office.until_kept(4);
    let last = charter("#A", &[("secret", "on")], &[owner]);
    office.keep(RegistryRecord::CharterGone(room("#a")));
    office.keep(RegistryRecord::Charter(charter("#a", &VALUES, &[])));
    office.keep(RegistryRecord::Charter(last.clone()));
    office.keep(RegistryRecord::CharterGone(room("#B")));
    office.keep(RegistryRecord::RuleGone(RuleId(2)));
    office.keep(RegistryRecord::Rule(rule(3, None, Effect::Ban, "eve")));
    office.keep(RegistryRecord::RuleGone(RuleId(3)));
    office.until_kept(11);
    office.open_again(CHEAP);
    assert_eq!(office.known.charters, [last]);
    assert_eq!(office.known.charters[0].room.as_str(), "#A");
    assert_eq!(office.known.rules, [ban]);
}

#[test]
fn what_waits_is_written_in_one_transaction() {
    let mut office = Office::open();
    let lock = rusqlite::Connection::open(office.path()).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let rules: Vec<Rule> = (1..=500)
        .map(|id| rule(id, None, Effect::Ban, &format!("eve-{id}")))
        .collect();
    for rule in &rules {
        office.keep(RegistryRecord::Rule(rule.clone()));
    }
    let status = office.registry().handle().status();
    assert_eq!((status.unwritten, status.why), (500, None));
    lock.execute_batch("ROLLBACK").unwrap();
    let batches = office.until_kept(500);
    assert!(batches.len() <= 2, "{batches:?}");
    let status = office.registry().handle().status();
    assert_eq!(status, RegistryStatus::default());
    office.open_again(CHEAP);
    assert_eq!(office.known.rules, rules);
}

#[test]
fn a_failing_disk_is_told_once_and_heals() {
    let mut office = Office::open();
    office.break_disk();
    let first = rule(1, None, Effect::Ban, "eve");
    let second = rule(2, None, Effect::Mute, "mallory");
    let strict = charter("#strict", &VALUES, &[]);
    office.keep(RegistryRecord::Rule(first.clone()));
    office.until_told(|news| matches!(news, News::KeepingFails(_)));
    office.keep(RegistryRecord::Charter(strict.clone()));
    office.keep(RegistryRecord::Rule(second.clone()));
    // Accounts are served all the while.
    office.register("ana", None);
    let status = office.registry().handle().status();
    assert_eq!(status.unwritten, 3);
    let why = status.why.expect("it fails");
    assert!(why.contains("the disk is broken"), "{why}");
    office.mend_disk();
    office.until_kept(3);
    let told: Vec<&News> = office
        .news
        .iter()
        .filter(|news| !matches!(news, News::Kept { .. }))
        .collect();
    assert!(
        matches!(told[..], [News::KeepingFails(_), News::KeepingWorks]),
        "{told:?}"
    );
    let status = office.registry().handle().status();
    assert_eq!(status, RegistryStatus::default());
    office.open_again(CHEAP);
    assert_eq!(office.known.charters, [strict]);
    assert_eq!(office.known.rules, [first, second]);
}

#[test]
fn what_cannot_be_written_at_the_end_is_counted() {
    let mut office = Office::open();
    office.keep(RegistryRecord::Rule(rule(1, None, Effect::Ban, "eve")));
    office.until_kept(1);
    office.break_disk();
    for id in 2..=4 {
        office.keep(RegistryRecord::Rule(rule(id, None, Effect::Ban, "eve")));
    }
    let status = office.registry.as_mut().unwrap().close();
    assert_eq!(status.unwritten, 3);
    assert!(status.why.is_some());
    office.mend_disk();
    office.open_again(CHEAP);
    assert_eq!(office.known.rules.len(), 1, "nothing is half written");
}

#[test]
fn a_disk_that_heals_by_the_end_loses_nothing() {
    let mut office = Office::open();
    office.break_disk();
    office.keep(RegistryRecord::Rule(rule(1, None, Effect::Ban, "eve")));
    office.until_told(|news| matches!(news, News::KeepingFails(_)));
    office.mend_disk();
    let status = office.registry.as_mut().unwrap().close();
    assert_eq!(status, RegistryStatus::default());
    office.open_again(CHEAP);
    assert_eq!(office.known.rules.len(), 1);
}

#[test]
fn nothing_is_lost_when_the_inbox_is_full() {
    let mut office = Office::open();
    let lock = rusqlite::Connection::open(office.path()).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let token = || Claim::Token(Secret::new("no token").unwrap());
    let mut asked = 0;
    loop {
        let claim = token();
        let question = AccountQuestion::Authenticate { claim, at: NOW };
        if office
            .registry()
            .ask(Ticket(asked), question, String::new())
            .is_err()
        {
            break;
        }
        asked += 1;
    }
    let ban = rule(1, None, Effect::Ban, "eve");
    office.keep(RegistryRecord::Rule(ban.clone()));
    lock.execute_batch("ROLLBACK").unwrap();
    office.until_kept(1);
    office.open_again(CHEAP);
    assert_eq!(office.known.rules, [ban]);
}

#[test]
fn a_row_that_is_none_stops_the_start() {
    let mut office = Office::open();
    let strict = charter("#strict", &VALUES, &[(3, "ana", RoomRole::Owner)]);
    office.keep(RegistryRecord::Charter(strict.clone()));
    let ban = rule(1, Some("#strict"), Effect::Ban, "eve");
    office.keep(RegistryRecord::Rule(ban.clone()));
    office.until_kept(2);
    office.registry = None;
    for (damage, repair) in [
        (
            "UPDATE room SET name = 'a b'",
            "UPDATE room SET name = '#strict'",
        ),
        (
            "UPDATE room_setting SET value = 'many' WHERE name = 'members-max'",
            "UPDATE room_setting SET value = '10' WHERE name = 'members-max'",
        ),
        (
            "UPDATE room_setting SET name = 'colour' WHERE name = 'secret'",
            "UPDATE room_setting SET name = 'secret' WHERE name = 'colour'",
        ),
        (
            "PRAGMA foreign_keys = off; UPDATE room_role SET room = '#gone'",
            "PRAGMA foreign_keys = off; UPDATE room_role SET room = '#strict'",
        ),
        (
            "UPDATE room_role SET role = 'king'",
            "UPDATE room_role SET role = 'owner'",
        ),
        (
            "UPDATE room_role SET nick = 'a b'",
            "UPDATE room_role SET nick = 'ana'",
        ),
        (
            "UPDATE rule SET effect = 'praise'",
            "UPDATE rule SET effect = 'ban'",
        ),
        (
            "UPDATE rule SET subject = '*'",
            "UPDATE rule SET subject = 'eve'",
        ),
        (
            "UPDATE rule SET room = ''",
            "UPDATE rule SET room = '#strict'",
        ),
        (
            "UPDATE rule SET made_by = 'a b'",
            "UPDATE rule SET made_by = NULL",
        ),
    ] {
        stops_the_start(&office, damage);
        office.meddle(repair);
    }
    office.open_again(CHEAP);
    assert_eq!(office.known.charters, [strict]);
    assert_eq!(office.known.rules, [ban]);
}

#[test]
fn a_room_under_the_name_of_another_and_an_id_without_a_next_stop_the_start() {
    let mut office = Office::open();
    office.keep(RegistryRecord::Charter(charter("#strict", &VALUES, &[])));
    office.keep(RegistryRecord::Rule(rule(1, None, Effect::Ban, "eve")));
    office.until_kept(2);
    office.registry = None;
    stops_the_start(&office, "UPDATE room SET name = '#other'");
    office.meddle("UPDATE room SET name = '#STRICT'");
    for id in ["-1", "0", "9223372036854775807"] {
        stops_the_start(&office, &format!("UPDATE rule SET id = {id}"));
    }
    office.meddle("UPDATE rule SET id = 7");
    office.open_again(CHEAP);
    assert_eq!(office.known.rules[0].id, RuleId(7));
}

#[test]
fn a_record_wakes_a_clerk_that_has_nothing_else_to_do() {
    let mut office = Office::open();
    for id in 1..=20 {
        office.keep(RegistryRecord::Rule(rule(id, None, Effect::Ban, "eve")));
        office.until_kept(usize::try_from(id).unwrap());
    }
}
