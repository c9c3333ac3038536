//! The command line of what looks after the history as a whole: taking it out and in, copying it, bringing it
//! back, checking it, and deleting from it.

use std::path::PathBuf;

use clap::{Args as Group, Subcommand, ValueEnum};

use crate::ctl::when::When;

#[derive(Debug, Group)]
pub struct Export {
    /// Where to write it, at a name that is free yet; `-`, or nothing at all, is stdout.
    pub file: Option<PathBuf>,
    /// Only this room.
    #[arg(long)]
    pub room: Option<String>,
    /// Private messages too, everybody's.
    #[arg(long)]
    pub private: bool,
    /// What was said after this message or since this time.
    #[arg(long, value_name = "WHEN")]
    pub since: Option<When>,
    /// What was said up to this message or before this time.
    #[arg(long, value_name = "WHEN")]
    pub until: Option<When>,
    /// How a message is written.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object per line, which `chatctl import` reads back.
    #[default]
    Jsonl,
    /// Lines for people.
    Text,
}

#[derive(Debug, Group)]
pub struct Import {
    /// A file that `chatctl export` has written; `-` is stdin.
    pub file: PathBuf,
}

#[derive(Debug, Group)]
pub struct Backup {
    /// Where to write it, at a name that is free yet.
    pub file: PathBuf,
    /// Check the backup that is there instead. Needs no daemon.
    #[arg(long)]
    pub verify: bool,
}

#[derive(Debug, Group)]
pub struct Restore {
    /// A backup.
    pub file: PathBuf,
    /// The history to put it in place of; without it, that of the configuration.
    #[arg(long, value_name = "PATH")]
    pub to: Option<PathBuf>,
    /// Do not ask. Needed where nobody could be asked.
    #[arg(long, short)]
    pub yes: bool,
}

#[derive(Debug, Group)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true)
    .args(["ids", "room", "with", "from", "after", "before"]))]
pub struct HistoryDelete {
    /// Delete this message; may be given more than once.
    #[arg(long = "id", value_name = "MSGID",
        conflicts_with_all = ["room", "with", "from", "after", "before"])]
    pub ids: Vec<String>,
    /// What was said in this room.
    #[arg(long, conflicts_with = "with")]
    pub room: Option<String>,
    /// Private messages from and to this nick.
    #[arg(long, value_name = "NICK")]
    pub with: Option<String>,
    /// What was said under this nick.
    #[arg(long, value_name = "NICK")]
    pub from: Option<String>,
    /// What was said after this message or since this time.
    #[arg(long, value_name = "WHEN")]
    pub after: Option<When>,
    /// What was said before this message or this time.
    #[arg(long, value_name = "WHEN")]
    pub before: Option<When>,
    /// Only count.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask. Needed where nobody could be asked.
    #[arg(long, short)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum Db {
    /// Read the history from end to end and look for damage: through the daemon when it runs, else in
    /// the file.
    Check {
        /// Check this file instead, such as a backup; without the daemon.
        file: Option<PathBuf>,
    },
}

/// How long the messages of a room are kept.
#[derive(Debug, Group)]
pub struct Retention {
    /// Which room; without one, all rooms with a rule of their own are shown.
    pub room: Option<String>,
    /// Keep its messages this long, such as 90d or 12h; 0 is for ever.
    #[arg(long, value_name = "TIME", value_parser = crate::ctl::duration::parse_keep, requires = "room")]
    pub keep: Option<u64>,
    /// Keep its newest so many messages; 0 is all.
    #[arg(long, value_name = "N", requires = "room")]
    pub messages: Option<u64>,
    /// As `[history] retention` says for all rooms.
    #[arg(long, conflicts_with_all = ["keep", "messages"], requires = "room")]
    pub default: bool,
}
