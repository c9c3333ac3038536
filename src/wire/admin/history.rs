//! What operators ask about the history, and what they hear: part of the admin API. A [`Line`] is one
//! message as `export` writes it and `import` reads it.
//!
//! | method and path | request | answer | who may |
//! |---|---|---|---|
//! | `GET /v1/history/status` | – | [`HistoryStatus`] | anyone on this machine |
//! | `GET /v1/history/export` | [`ExportQuery`] | a [`Line`] per line | operators |
//! | `POST /v1/history/import` | a [`Line`] per line | [`ImportDone`] | operators |
//! | `GET /v1/history/backup` | – | the bytes of a backup | operators |
//! | `POST /v1/history/backup` | [`Backup`] | [`BackupDone`] | operators |
//! | `POST /v1/history/check` | – | [`Checked`] | operators |
//! | `POST /v1/history/delete` | [`Delete`] | [`Deleted`] | operators |
//! | `GET /v1/rooms/retention` | – | [`Retentions`] | operators |
//! | `PUT /v1/rooms/retention` | [`SetRetention`] | [`Retentions`] | operators |

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Whether what is said is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HistoryState {
    /// There is no history: `[history] durability = "off"`.
    #[default]
    Off,
    /// Everything is kept.
    Works,
    /// Nothing can be kept now.
    Fails,
}

/// The history at a glance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistorySummary {
    pub state: HistoryState,
    /// Why it fails, as the end of a sentence: `the disk is full`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What an acknowledgement means: `commit`, `relaxed` or `off`.
    pub durability: String,
    /// Messages that are kept.
    pub messages: u64,
    /// Size of the database, its log and the search index.
    pub bytes: u64,
    /// Messages that are not in the database yet; while all is well, the commit log has them.
    pub waiting: u64,
    /// Messages that the search does not find yet.
    pub unindexed: u64,
}

/// Everything about the history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryStatus {
    pub state: HistoryState,
    /// Why it fails, as the end of a sentence: `the disk is full`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What an acknowledgement means: `commit`, `relaxed` or `off`.
    pub durability: String,
    /// The database; absent when there is no history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Version of the database's form.
    pub schema: u32,
    /// Messages that are kept.
    pub messages: u64,
    pub database_bytes: u64,
    /// The commit log.
    pub log_bytes: u64,
    /// The database's write-ahead log.
    pub wal_bytes: u64,
    /// The search index with its own log.
    pub search_bytes: u64,
    /// Free space of the file system, where it can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
    /// Messages that the search does not find yet, counted up to a million.
    pub unindexed: u64,
    /// What the search index has gone through since the start, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search_note: Option<String>,
    /// Why nothing can be searched for now, if so, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search_fault: Option<String>,
    /// Messages that are not in the database yet, and their size; while all is well, the commit log has them.
    pub waiting: u64,
    pub waiting_bytes: u64,
    /// Since the start: commits, what was in them, and what was lost.
    pub commits: u64,
    pub kept: u64,
    pub lost: u64,
    /// Most records of one commit.
    pub largest_batch: u64,
    pub last_commit_us: u64,
    pub longest_commit_us: u64,
    /// How long messages are kept where a room has no retention of its own.
    pub retention: Retention,
    /// The last check since the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_check: Option<LastCheck>,
    /// The last backup since the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_backup_at: Option<String>,
}

/// When the history was checked, and how it came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastCheck {
    pub at: String,
    pub is_sound: bool,
}

/// What to export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)] // a misspelt bound must not let everything out
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// Only this room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Private messages too. They leave only where this is said.
    #[serde(default)]
    pub private: bool,
    /// What was said after this message, or at this time (RFC 3339) or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What was said up to this message, or before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// One message of an export. Either `room` is there, or `to` and `to_owner`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// 13 characters of base32hex; messages sort by it.
    pub msgid: String,
    pub time: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    pub from: String,
    /// Who that was, whatever they are called today: 16 hexadecimal digits.
    pub from_owner: String,
    /// The nick that a private message went to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_owner: Option<String>,
    /// The addressee ignored the sender, and never finds it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unheard: bool,
    /// `text`, `action` or `notice`.
    #[serde(default = "text_kind")]
    pub kind: String,
    /// `null` when its author has deleted it.
    pub text: Option<String>,
    /// When it was last edited, or deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<String>,
    /// What its client said about it to other clients, as IRC writes it: `+name=value;+name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !value
}

fn text_kind() -> String {
    "text".to_owned()
}

/// Which part of an export this is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// The number of the first line, for what is said of a wrong one. Without it, 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_line: Option<u32>,
}

/// What became of the lines of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportDone {
    pub added: u64,
    /// Those whose `msgid` was there already; what is kept stays.
    pub known: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Backup {
    /// Where the daemon is to write it: an absolute path at which nothing is yet.
    pub path: String,
}

/// A backup was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupDone {
    pub path: String,
    pub bytes: u64,
    pub messages: u64,
}

/// The history was read from end to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    pub is_sound: bool,
    /// What is wrong, a line each, at most a hundred.
    pub complaints: Vec<String>,
    /// Version of the database's form.
    pub schema: u32,
    pub messages: u64,
    pub conversations: u64,
    pub authors: u64,
    /// Messages and changes that only the commit log has; the next start takes them over.
    #[serde(default)]
    pub in_log: u64,
}

/// What to delete: messages by id, or all those of which everything given is true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)] // a misspelt condition must not delete everything
pub struct Delete {
    /// These messages, and nothing else may be given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// What was said in a room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Private messages to and from a nick, whoever else took part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// What was said under a nick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What was said after this message, or at this time (RFC 3339) or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What was said before this message or this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Only count.
    #[serde(default)]
    pub dry_run: bool,
}

/// How many messages were deleted, or would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deleted {
    pub messages: u64,
    pub dry_run: bool,
}

/// How long messages are kept. The stricter of the two bounds holds; without either it is for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Retention {
    /// Since they were said.
    #[serde(default)]
    pub age_s: Option<u64>,
    /// The newest so many.
    #[serde(default)]
    pub messages: Option<u64>,
}

/// How long messages are kept, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Retentions {
    /// In all other rooms, and in private conversations.
    pub common: Retention,
    /// The rooms with a retention of their own, by name.
    pub rooms: Vec<RoomRetention>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoomRetention {
    pub room: String,
    #[serde(flatten)]
    pub retention: Retention,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetRetention {
    pub room: String,
    /// The room's own; `null` or absent gives it the common one again.
    #[serde(default)]
    pub retention: Option<Retention>,
}
