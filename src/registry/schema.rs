//! The tables of `registry.db`, and how an older database becomes one of today. Migrations go forward
//! only; one that was ever released is never changed again.

use rusqlite::Connection;

/// "acct" in ASCII: marks the file as a registry of chatd.
pub(super) const APPLICATION_ID: i32 = 0x6163_6374;

/// The version that this chatd writes, which is how many migrations there are.
#[expect(clippy::cast_possible_truncation, reason = "a handful")]
pub(super) const VERSION: u32 = MIGRATIONS.len() as u32;

/// What a registry of [`VERSION`] has.
pub(super) const TABLES: &[&str] = &[
    "account",
    "invitation",
    "token",
    "removed",
    "decoy",
    "room",
    "room_setting",
    "room_role",
    "rule",
    "certificate",
    "scram",
    "secret",
];

/// Each takes the database from the version that is its index to the next.
const MIGRATIONS: &[&str] = &[
    VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6,
];

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

/// Owners are 64 bits without a sign, kept as SQLite's 64 bits with one. Times are milliseconds since
/// 1970. No id is ever used again, so that what was begun for one account cannot end at another. A password is kept as an Argon2 hash in PHC's form; tokens and invitations as the SHA-256 of 256
/// random bits. `rooms` are names with a space between them; NULL is everywhere.
const VERSION_1: &str = "
CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner INTEGER NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    password TEXT,
    password_serial INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    last_login_at INTEGER,
    failed_logins INTEGER NOT NULL DEFAULT 0,
    disabled_at INTEGER
) STRICT;

CREATE TABLE invitation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE,
    note TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE token (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    hash BLOB NOT NULL UNIQUE,
    note TEXT,
    rooms TEXT,
    send_only INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
) STRICT;
CREATE INDEX token_by_account ON token (account);
";

/// Whose accounts were removed, for ever: an owner takes some ten bytes here, and the key that makes somebody
/// it may still be in somebody's hands.
const VERSION_2: &str = "
CREATE TABLE removed (
    owner INTEGER PRIMARY KEY
) STRICT;
";

/// One row: with what the cost of an unknown name is drawn.
const VERSION_3: &str = "
CREATE TABLE decoy (
    key BLOB NOT NULL
) STRICT;
INSERT INTO decoy (key) VALUES (randomblob(32));
";

/// Who keeps order, what is set about rooms, and the rules. A setting's value, an effect, a role and a rule's
/// subject are texts as the chat protocol has them. A rule's `room` is a name, and NULL for the whole server.
const VERSION_4: &str = "
ALTER TABLE account ADD COLUMN operator INTEGER NOT NULL DEFAULT 0;

CREATE TABLE room (
    name_key TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE room_setting (
    room TEXT NOT NULL REFERENCES room (name_key) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (room, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE room_role (
    room TEXT NOT NULL REFERENCES room (name_key) ON DELETE CASCADE,
    owner INTEGER NOT NULL,
    nick TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (room, owner)
) STRICT, WITHOUT ROWID;

CREATE TABLE rule (
    id INTEGER PRIMARY KEY,
    room TEXT,
    effect TEXT NOT NULL,
    subject TEXT NOT NULL,
    made_by TEXT,
    reason TEXT,
    made_at INTEGER NOT NULL,
    ends_at INTEGER
) STRICT;
";

/// What accounts may be logged in to by: the SHA-256 of a certificate, which is one account's.
const VERSION_5: &str = "
CREATE TABLE certificate (
    fingerprint BLOB PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX certificate_by_account ON certificate (account);
";

/// What SCRAM needs of a password, written with it, or at the next login by it where it is from before. And what
/// the daemon draws things with that nobody else is to foretell: the salts of SCRAM, 32 bytes, and what hides where
/// people come from, 16 bytes.
const VERSION_6: &str = "
CREATE TABLE scram (
    account INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    salt BLOB NOT NULL,
    iterations INTEGER NOT NULL,
    stored_key BLOB NOT NULL,
    server_key BLOB NOT NULL
) STRICT;

CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    key BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO secret (name, key) VALUES ('scram_salt', randomblob(32)), ('cloak', randomblob(16));
";
