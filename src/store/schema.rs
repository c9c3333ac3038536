//! The tables of `history.db`, and how an older database becomes one of today. Migrations go forward only;
//! one that was ever released is never changed again.

use rusqlite::Connection;

/// "chat" in ASCII: marks the file as a history of chatd.
pub(super) const APPLICATION_ID: i32 = 0x6368_6174;

/// The version that this chatd writes, which is how many migrations there are.
#[expect(clippy::cast_possible_truncation, reason = "a handful")]
pub(super) const VERSION: u32 = MIGRATIONS.len() as u32;

/// The first version whose history may have a commit log beside it.
pub(super) const FIRST_WITH_LOG: u32 = 2;

/// Each takes the database from the version that is its index to the next.
const MIGRATIONS: &[&str] = &[VERSION_1, VERSION_2, VERSION_3, VERSION_4];

/// Brings an empty or older database to [`VERSION`], in one transaction per step.
///
/// # Errors
/// Whatever SQLite says; the step is undone.
pub(super) fn migrate(connection: &mut Connection, from: u32) -> rusqlite::Result<()> {
    for (version, step) in (1..).zip(MIGRATIONS).skip(from as usize) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.commit()?;
    }
    Ok(())
}

/// In `message.flags`: the lowest two bits are the kind, the next says "unheard".
pub(super) const FLAG_UNHEARD: i64 = 4;

/// And the next one that it is no speech: then the lowest two say what it is.
pub(super) const FLAG_ASIDE: i64 = 8;

/// Owners are 64 bits without a sign, kept as SQLite's 64 bits with one. A private conversation has its
/// two owners in the order of those. `messages` counts what refers to a row, so that nothing must be
/// scanned to know it. `at` is NULL when it is what the id says, `low` and `high` in rooms, `room_key`
/// in private conversations. Messages carry no index but the one by conversation (which ends in the id,
/// as every index does): each more would cost a microsecond per message.
const VERSION_1: &str = "
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    ceiling INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    probe BLOB
);
INSERT INTO state VALUES (1, 0, 0, NULL);

CREATE TABLE conversation (
    id INTEGER PRIMARY KEY,
    room_key TEXT UNIQUE,
    name TEXT,
    topic TEXT,
    has_retention INTEGER NOT NULL DEFAULT 0,
    retention_age_s INTEGER,
    retention_messages INTEGER,
    low INTEGER,
    high INTEGER,
    messages INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX conversation_by_pair ON conversation (low, high) WHERE low IS NOT NULL;
CREATE INDEX conversation_by_high ON conversation (high) WHERE high IS NOT NULL;
CREATE INDEX conversation_with_topic ON conversation (id) WHERE topic IS NOT NULL;
CREATE INDEX conversation_with_retention ON conversation (id) WHERE has_retention;

CREATE TABLE author (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    nick TEXT NOT NULL,
    nick_key TEXT NOT NULL,
    messages INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX author_by_owner ON author (owner, nick);
CREATE INDEX author_by_nick ON author (nick_key, owner);

CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL,
    author INTEGER NOT NULL,
    addressee INTEGER,
    flags INTEGER NOT NULL,
    at INTEGER,
    text TEXT,
    changed_at INTEGER,
    change_id INTEGER
);
CREATE INDEX message_by_conversation ON message (conversation);
CREATE INDEX message_by_change ON message (change_id) WHERE change_id IS NOT NULL;

CREATE TABLE resend (
    id INTEGER PRIMARY KEY,
    client_msgid TEXT NOT NULL
);

CREATE TABLE mark (
    owner INTEGER NOT NULL,
    partner TEXT NOT NULL,
    upto INTEGER NOT NULL,
    PRIMARY KEY (owner, partner)
) WITHOUT ROWID;

CREATE TABLE touched (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id INTEGER NOT NULL
);
";

/// `applied` is the newest record that came from the commit log, `log_tag` says which log belongs to this
/// database, and `barrier` is changed by whoever has to wait for the disk.
const VERSION_2: &str = "
ALTER TABLE state ADD COLUMN applied INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN log_tag INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN barrier INTEGER NOT NULL DEFAULT 0;
";

/// What clients say about their messages, and what is kept beside speech, which has [`FLAG_ASIDE`].
const VERSION_3: &str = "
ALTER TABLE message ADD COLUMN tags TEXT;
";

/// Names that rooms had until a moment ago, which still mean their conversation: see `renaming.rs`.
const VERSION_4: &str = "
CREATE TABLE former_name (
    room_key TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    conversation INTEGER NOT NULL
) WITHOUT ROWID;
";
