//! The command line of keeping order: who is taken out, who may come and speak, what is set about rooms and
//! who has a role there.

use clap::{Args as Group, Subcommand, ValueEnum};

use super::archive::Retention;
use crate::ctl::{duration, subject};
use crate::wire::admin::moderation::Role as WireRole;

/// Under each command that takes one.
pub(super) const SUBJECT: &str = "SUBJECT is a nick, perhaps with * for any letters and ? for one; \
NICK!USERNAME@HOST as IRC shows it, likewise; an address, perhaps with /BITS; or account:NAME.\n\
Examples:\n  chatctl ban 'spam*' --for 2h --reason 'come back sober'\n  \
chatctl ban 203.0.113.0/24 --room '#lobby'\n  \
chatctl mute account:ben --room '#lobby' --for 10m\n  \
chatctl exempt 203.0.113.7\n  \
chatctl unban 'spam*'\n\
A rule that is there already gets the new reason and end.";

pub(super) const SETTINGS: &str = "The settings, each taken away by off:\n  \
external-messages on  who is not there may speak there, too\n  \
invite-only on        only the invited may enter, and read what was said\n  \
join-throttle 10/60   so many may enter in so many seconds\n  \
key -                 only who knows it may enter; read from the first line of stdin\n  \
members-hidden on     only operators get the list of who is there\n  \
members-max 50        so many may be there\n  \
moderated on          only the voiced and operators may speak\n  \
no-ctcp on            no messages from program to program (CTCP); /me passes\n  \
persistent on         the room is kept though nobody is there\n  \
registered-only on    only who has an account may enter\n  \
secret on             who is not there does not find it in lists\n  \
slow-mode 30          so many seconds from one message of a member to the next\n  \
topic-locked on       only operators may set the topic\n  \
words darn,*drat*     words that may not be said; with * parts of words, too";

#[derive(Debug, Group)]
#[command(after_help = "Examples:\n  chatctl kick ben --reason 'enough'\n  \
chatctl kick ben --room '#lobby'\nWho is only kicked may come back at once; `chatctl ban` keeps them out.")]
pub struct Kick {
    /// Whom; `chatctl who` lists them.
    pub nick: String,
    /// Take them out of this room only.
    #[arg(long)]
    pub room: Option<String>,
    /// Told to the user and to the others there.
    #[arg(long)]
    pub reason: Option<String>,
}

/// A rule that may be about a room or about the whole server.
#[derive(Debug, Group)]
#[command(after_help = SUBJECT)]
pub struct Rule {
    /// Whom it is about.
    #[arg(value_parser = subject::parse)]
    pub subject: String,
    /// In this room; without it, everywhere.
    #[arg(long)]
    pub room: Option<String>,
    #[command(flatten)]
    pub terms: Terms,
}

/// How long a rule holds, and why.
#[derive(Debug, Group)]
pub struct Terms {
    /// How long, such as 10m, 2h or 7d; without it, until it is ended.
    #[arg(long = "for", value_name = "TIME", value_parser = duration::parse_term)]
    pub lasts_s: Option<u64>,
    /// Told to those it is about.
    #[arg(long)]
    pub reason: Option<String>,
}

#[derive(Debug, Group)]
pub struct Ban {
    #[command(flatten)]
    pub rule: Rule,
    /// Let those stay who are there already.
    #[arg(long)]
    pub keep: bool,
}

#[derive(Debug, Group)]
pub struct EndRule {
    /// Whom it is about, as `chatctl bans` shows it.
    #[arg(value_parser = subject::parse)]
    pub subject: String,
    /// In this room; without it, the one that holds everywhere.
    #[arg(long)]
    pub room: Option<String>,
}

#[derive(Debug, Group)]
#[command(after_help = SUBJECT)]
pub struct Admit {
    /// Whom it is about.
    #[arg(value_parser = subject::parse)]
    pub subject: String,
    /// Into this room.
    #[arg(long)]
    pub room: String,
    #[command(flatten)]
    pub terms: Terms,
}

#[derive(Debug, Group)]
pub struct Unadmit {
    /// Whom it is about, as `chatctl bans` shows it.
    #[arg(value_parser = subject::parse)]
    pub subject: String,
    /// Into this room.
    #[arg(long)]
    pub room: String,
}

#[derive(Debug, Group)]
pub struct Bans {
    /// Those of this room; without it, those that hold everywhere.
    #[arg(long)]
    pub room: Option<String>,
}

#[derive(Debug, Group)]
pub struct Trace {
    /// Whom; `chatctl who` lists them.
    pub nick: String,
}

#[derive(Debug, Subcommand)]
pub enum Room {
    /// Show the rooms, as `chatctl rooms` does.
    List,
    /// Show what is set about a room, and who has a role there.
    Show {
        /// Which room; `chatctl rooms` lists them.
        room: String,
    },
    /// Set something about a room.
    #[command(after_help = SETTINGS)]
    Set {
        /// Which room; `chatctl rooms` lists them.
        room: String,
        /// What to set; the list is below.
        setting: String,
        /// To what; `off` takes it away.
        value: String,
    },
    /// Give a room another name. It is the same room: members, settings, roles and all that was said stay.
    Rename {
        /// Which room; `chatctl rooms` lists them.
        room: String,
        /// What it is to be called.
        to: String,
        /// Told to those who are there.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Give somebody who is here a role in a room, or take theirs away.
    Role {
        /// Which room; `chatctl rooms` lists them.
        room: String,
        /// Whom.
        nick: String,
        /// What they are to be.
        role: RoomRole,
    },
    /// Show a room's topic, set it, or clear it.
    Topic {
        /// Which room; `chatctl rooms` lists them.
        room: String,
        /// The new topic; without it the topic is shown.
        text: Option<String>,
        /// Take the topic away.
        #[arg(long, conflicts_with = "text")]
        clear: bool,
    },
    /// Show how long messages are kept, or change it for a room.
    Retention(Retention),
}

/// What somebody is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoomRole {
    /// May speak where not everybody may.
    Voiced,
    /// Keeps order there.
    Operator,
    /// Decides what the room is.
    Owner,
    /// Nothing else than a member.
    None,
}

impl From<RoomRole> for WireRole {
    fn from(role: RoomRole) -> Self {
        match role {
            RoomRole::Voiced => Self::Voiced,
            RoomRole::Operator => Self::Operator,
            RoomRole::Owner => Self::Owner,
            RoomRole::None => Self::None,
        }
    }
}
