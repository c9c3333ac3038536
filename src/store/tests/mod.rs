//! Stories of a store: what was said, what is found, and what is said of it when the disk fails. Each has
//! a directory of its own and waits for news, never for time.

mod asides;
mod asking;
mod faults;
mod files;
mod keeping;
mod log;
mod operating;
mod renaming;
mod retention;
mod searching;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use tempfile::TempDir;

use super::clock;
use super::shared::Pace;
use super::{Durability, News, OpenError, Options, Retention, Store};
use crate::hub::command::MessageKind;
use crate::hub::history::{
    Answer, Author, ClientMsgId, OwnerId, Page, Partner, Place, Query, Question, Range, Record,
    RecordKind, Restored, Ticket, Unread,
};
use crate::hub::id::MessageId;
use crate::hub::name::{Nick, RoomName};
use crate::hub::time::UnixMillis;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A pace at which troubles show within a test.
const BRISK: Pace = Pace {
    question_limit: Duration::from_millis(1_500),
    stall_after: Duration::from_millis(200),
    look_every: Duration::from_millis(50),
    sweep_every: Duration::from_millis(20),
    gather: Duration::from_millis(5),
};

/// A store, whoever speaks in it, and what it said.
struct Story {
    store: Store,
    restored: Restored,
    bell: Receiver<()>,
    news: Vec<News>,
    last: MessageId,
    tickets: u64,
}

impl Story {
    fn begin(directory: &TempDir) -> Self {
        Self::with(options(directory.path()), BRISK)
    }

    fn with(options: Options, pace: Pace) -> Self {
        Self::try_with(options, pace).expect("the store opens")
    }

    fn try_with(options: Options, pace: Pace) -> Result<Self, OpenError> {
        let (ring, bell) = sync_channel(1);
        let (store, restored) = Store::open_at_pace(options, pace, move || {
            let _ = ring.try_send(()); // it rings already
        })?;
        let last = restored
            .last_id
            .max(clock::id_of(Duration::from_secs(3600)));
        Ok(Self {
            store,
            restored,
            bell,
            news: Vec::new(),
            last,
            tickets: 0,
        })
    }

    fn next_id(&mut self) -> MessageId {
        self.last = MessageId(self.last.0 + (1 << 20));
        self.last
    }

    fn record(&mut self, kind: RecordKind) -> MessageId {
        let id = self.next_id();
        let at = UnixMillis(id.0 >> 20);
        self.store
            .keep(Record { id, at, kind })
            .expect("there is room for it");
        id
    }

    fn say(&mut self, room: &str, who: &str, text: &str) -> MessageId {
        self.record(said(Place::Room(self::room(room)), who, text))
    }

    fn tell(&mut self, who: &str, to: &str, text: &str) -> MessageId {
        self.record(said(to_user(to, false), who, text))
    }

    /// Waits until everything so far is in the database.
    fn settle(&mut self) {
        let upto = self.store.shared.ids.pushed();
        let shared = Arc::clone(&self.store.shared);
        shared.backlog.hurry(upto);
        until("the database has it", || shared.ids.settled() >= upto);
    }

    /// Waits for news, those that came before included.
    fn wait(&mut self, is_it: impl Fn(&News) -> bool) -> News {
        loop {
            self.store.take_news(&mut self.news);
            if let Some(found) = self.news.iter().find(|news| is_it(news)) {
                return found.clone();
            }
            match self.bell.recv_timeout(PATIENCE) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("it never came; so far: {:?}", self.news)
                }
            }
        }
    }

    /// Forgets the news so far.
    fn forget(&mut self) {
        self.store.take_news(&mut self.news);
        self.news.clear();
    }

    fn ask(&mut self, question: Question) -> Answer {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.store.ask(ticket, question).expect("few ask");
        let mine = |news: &News| matches!(news, News::Answered { ticket: to, .. } if *to == ticket);
        let News::Answered { answer, .. } = self.wait(mine) else {
            unreachable!("only an answer is mine");
        };
        answer
    }

    fn page(&mut self, asker: &str, of: &str, range: Range, limit: usize) -> Page {
        let question = Question::Page {
            asker: owner(asker),
            of: partner(of),
            range,
            limit,
            with_asides: false,
        };
        let answer = self.ask(question);
        let Answer::Page(page) = answer else {
            panic!("{answer:?}");
        };
        page
    }

    fn search(&mut self, asker: &str, query: Query) -> Page {
        let question = Question::Search {
            asker: owner(asker),
            query,
            hidden: Vec::new(),
            limit: 100,
        };
        let answer = self.ask(question);
        let Answer::Page(page) = answer else {
            panic!("{answer:?}");
        };
        page
    }

    fn unread(&mut self, asker: &str, ignored: &[&str], rooms: &[&str]) -> Vec<Unread> {
        let question = Question::Unread {
            asker: owner(asker),
            ignored: ignored.iter().copied().map(owner).collect(),
            rooms: rooms.iter().copied().map(room).collect(),
        };
        let answer = self.ask(question);
        let Answer::Unread(unread) = answer else {
            panic!("{answer:?}");
        };
        unread
    }

    /// Waits until the search index has everything.
    fn indexed(&mut self) {
        self.settle();
        until("the index has caught up", || {
            self.store.shared.progress.generation() > 0
                && self.store.handle().status().unindexed == 0
                && self.store.shared.progress.durable_seq() >= self.last_note()
        });
    }

    fn last_note(&self) -> i64 {
        let db = super::connection::reader(&self.store.shared.files.database).unwrap();
        db.query_row("SELECT coalesce(max(seq), 0) FROM touched", [], |row| {
            row.get(0)
        })
        .unwrap()
    }
}

/// Waits for a fact that rings no bell.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = clock::now() + PATIENCE;
    while !is_so() {
        assert!(clock::now() < end, "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn options(directory: &Path) -> Options {
    Options {
        path: directory.join("history.db"),
        durability: Durability::Commit,
        queue_bytes: 16 * 1024 * 1024,
        readers: 2,
        retention: Retention::FOR_EVER,
    }
}

fn database(directory: &TempDir) -> PathBuf {
    directory.path().join("history.db")
}

/// The files as another process would find them if this one were killed now.
fn copy_as_after_a_crash(home: &TempDir) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["history.db", "history.db-wal", "history.db-log"] {
        // Through another process: closing a descriptor here would drop SQLite's locks.
        let copied = std::process::Command::new("cp")
            .arg(home.path().join(name))
            .arg(copy.path())
            .status();
        assert!(copied.unwrap().success());
    }
    copy
}

fn owner(who: &str) -> OwnerId {
    // A name's person is the same in every story, and some have the highest bit.
    OwnerId(who.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }))
}

fn nick(name: &str) -> Nick {
    Nick::parse(name).expect("a nick")
}

fn room(name: &str) -> RoomName {
    RoomName::parse(name).expect("a room")
}

fn partner(name: &str) -> Partner {
    match name.strip_prefix('@') {
        Some(name) => Partner::User(nick(name)),
        None => Partner::Room(room(name)),
    }
}

fn author(who: &str) -> Author {
    Author {
        owner: owner(who),
        nick: nick(who),
    }
}

fn to_user(to: &str, is_unheard: bool) -> Place {
    Place::User {
        to: author(to),
        is_unheard,
    }
}

fn said(place: Place, who: &str, text: &str) -> RecordKind {
    RecordKind::Said {
        place,
        from: author(who),
        kind: MessageKind::Text,
        text: text.into(),
        client_msgid: None,
        tags: None,
    }
}

fn said_as(who: &str, own: &str, text: &str) -> RecordKind {
    RecordKind::Said {
        place: Place::Room(room("#lobby")),
        from: author(who),
        kind: MessageKind::Text,
        text: text.into(),
        client_msgid: ClientMsgId::new(own),
        tags: None,
    }
}

fn words(text: &str) -> Query {
    Query {
        words: text.into(),
        of: None,
        from: None,
        after: None,
        before: None,
    }
}

fn texts(page: &Page) -> Vec<&str> {
    page.messages
        .iter()
        .filter_map(|message| message.text.as_deref())
        .collect()
}
