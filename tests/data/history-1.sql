-- A history of version 1 as chatd wrote it, with one message. Never changed again: today's chatd must open it.
PRAGMA auto_vacuum = INCREMENTAL;
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

INSERT INTO conversation (id, room_key, name, topic, messages) VALUES (1, '#lobby', '#Lobby', 'tea', 1);
INSERT INTO author VALUES (1, 42, 'Ana', 'ana', 1);
INSERT INTO message VALUES (1800000000000 << 20, 1, 1, NULL, 0, NULL, 'hello from version 1', NULL, NULL);
UPDATE state SET ceiling = 1800000003000 << 20, messages = 1;
PRAGMA user_version = 1;
PRAGMA application_id = 1667785076;
