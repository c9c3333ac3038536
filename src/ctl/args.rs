//! chatctl's command line. This text is also its manual: `--help`, the man pages and the shell
//! completions are made from it. No secret is ever taken here.

mod accounts;
mod archive;
pub mod cert;
mod moderation;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args as Group, Parser, Subcommand};
use clap_complete::Shell;

use super::bench::args::Bench;
use super::duration;
use super::locate::Server;
use super::render::Output;
use super::trust::Trust;
use super::when::When;
use cert::Cert;

pub use accounts::{Invite, Login, Passwd, Register, Role, Token, User, UserCert};
pub use archive::{Backup, Db, Export, Format, HistoryDelete, Import, Restore, Retention};
pub use moderation::{
    Admit, Ban, Bans, EndRule, Kick, Room, RoomRole, Rule, Terms, Trace, Unadmit,
};

/// Chat, and look after the chatd of this machine.
#[derive(Debug, Parser)]
#[command(name = "chatctl", version, propagate_version = true, after_help = EXIT_CODES)]
#[command(disable_help_subcommand = true, infer_subcommands = false)]
pub struct Args {
    /// The form of the result on stdout.
    #[arg(
        long,
        short,
        global = true,
        help_heading = COMMON,
        value_enum,
        default_value_t,
        value_name = "FORM"
    )]
    pub output: Output,
    /// chatd's admin socket; found without this where chatd puts it.
    #[arg(
        long,
        global = true,
        help_heading = COMMON,
        value_name = "PATH",
        env = "CHATD_ADMIN_SOCKET",
        hide_env_values = true
    )]
    pub socket: Option<PathBuf>,
    /// Where to chat: HOST, HOST:PORT, tls:HOST:PORT or unix:PATH; without this, the chatd of this machine.
    #[arg(
        long,
        global = true,
        help_heading = COMMON,
        value_name = "ADDRESS",
        env = "CHATD_SERVER",
        hide_env_values = true
    )]
    pub server: Option<Server>,
    #[command(flatten)]
    pub trust: Trust,
    /// How long to wait for an answer, such as 500ms, 10s or 2m.
    #[arg(
        long,
        global = true,
        help_heading = COMMON,
        value_name = "TIME",
        value_parser = duration::parse
    )]
    pub timeout: Option<Duration>,
    #[command(subcommand)]
    pub command: Command,
}

/// The heading of the options that every command takes.
pub(super) const COMMON: &str = "Options of every command";

const EXIT_CODES: &str = "Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 chatd unreachable, 4 not found, \
5 not permitted, 6 timed out.\nResults go to stdout, all else to stderr.";

const BOUNDS: &str = "WHEN is a time (10:30, 2026-11-24, '2026-11-24 10:30', all local, or in RFC 3339's \
form 2026-11-24T10:30:00Z), how long ago (90s, 10m, 2h, 30d, 1w), or the id of a message.";

const EXPORT: &str = "WHEN is a time (10:30, 2026-11-24, '2026-11-24 10:30', all local, or in RFC 3339's \
form 2026-11-24T10:30:00Z), how long ago (90s, 10m, 2h, 30d, 1w), or the id of a message.\n\
An export that breaks off ends with exit code 1, and leaves no file.";

const WHEN: &str = "WHEN is a time (10:30, 2026-11-24, '2026-11-24 10:30', all local, or in RFC 3339's \
form 2026-11-24T10:30:00Z), how long ago (90s, 10m, 2h, 3d, 1w), or the id of a message.\n\
The oldest message comes first. When there is none, stderr says so and the exit code is 0. When there \
are more than were asked for, stderr says so too.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Chat: on a terminal with a prompt, in a pipe line in, line out.
    Join(Join),
    /// Send one message and wait until chatd has acknowledged it.
    Send(Send),
    /// Follow what is said in a room.
    Tail(Tail),
    /// Show what was said in a room, or between you and a user, without entering.
    History(History),
    /// Find what was said, by its words, wherever you may read it.
    Search(Search),
    /// Make an account of your own, where the server lets you.
    Register(Register),
    /// Give your own account another password.
    Passwd(Passwd),
    /// Show the daemon at a glance.
    Status,
    /// Show every connection and who is behind it.
    Who,
    /// Show the rooms.
    Rooms,
    /// Show counters since the start of the daemon.
    Stats,
    /// Show all there is to know about a user.
    Trace(Trace),
    /// End all connections of a user, or take them out of a room.
    Kick(Kick),
    /// Keep somebody out, and take them out if they are there.
    Ban(Ban),
    /// End a ban.
    Unban(EndRule),
    /// Let somebody no longer speak.
    Mute(Rule),
    /// End a mute.
    Unmute(EndRule),
    /// Let bans and mutes not hold for somebody.
    Exempt(Rule),
    /// End an exemption.
    Unexempt(EndRule),
    /// Let somebody into a room that is for the invited only, until that is ended.
    Admit(Admit),
    /// End such a standing invitation.
    Unadmit(Unadmit),
    /// Show the bans, mutes, exemptions and standing invitations that hold.
    Bans(Bans),
    /// Tell everyone, or everyone in one room.
    Announce(Announce),
    /// Look after accounts.
    #[command(subcommand)]
    User(User),
    /// Invite people to make an account.
    #[command(subcommand)]
    Invite(Invite),
    /// Look after tokens, with which bots and scripts log in.
    #[command(subcommand)]
    Token(Token),
    /// Look after one room.
    #[command(subcommand)]
    Room(Room),
    /// Make the daemon read its configuration again.
    Reload,
    /// Stop the daemon. Everyone is told and disconnected.
    Shutdown(Shutdown),
    /// Show or change the log.
    #[command(subcommand)]
    Log(Log),
    /// Check or show the configuration.
    #[command(subcommand)]
    Config(Config),
    /// Write what was said to a file or to stdout. Private messages only with --private.
    #[command(after_help = EXPORT)]
    Export(Export),
    /// Add the messages of an export under their own ids. What is there already stays as it is.
    Import(Import),
    /// Write a whole copy of the history while chatd goes on, or check one.
    Backup(Backup),
    /// Put a backup in the place of the history. chatd must be stopped; what was there is kept aside.
    Restore(Restore),
    /// Delete messages from the history without a trace, after showing how many.
    #[command(after_help = BOUNDS)]
    HistoryDelete(HistoryDelete),
    /// Look after the history's database.
    #[command(subcommand)]
    Db(Db),
    /// Make or show a TLS certificate.
    #[command(subcommand)]
    Cert(Cert),
    /// Wait for the daemon.
    Wait(Wait),
    /// Check everything that chatd needs, and say what to do.
    Doctor,
    /// Put a server under load and measure what it does.
    Bench(Box<Bench>),
    /// Write the completions for a shell to stdout.
    Completion {
        /// The shell.
        #[arg(value_parser = PossibleValuesParser::new(["bash", "zsh", "fish"])
            .try_map(|name| name.parse::<Shell>()))]
        shell: Shell,
    },
    /// Write the manual page to stdout, or all pages into a directory.
    Man {
        /// Write chatctl.1, a page for each command, and chatd.8 here.
        #[arg(long)]
        dir: Option<PathBuf>,
    },
}

#[derive(Debug, Group)]
pub struct Join {
    /// What to be called; an account's name is its nick.
    #[arg(required_unless_present_any = ["account", "token_file"], conflicts_with_all = ["account", "token_file"])]
    pub nick: Option<String>,
    #[command(flatten)]
    pub login: Login,
    /// Enter this room instead of the default one; may be given more than once.
    #[arg(long = "room", short, value_name = "ROOM")]
    pub rooms: Vec<String>,
}

#[derive(Debug, Group)]
pub struct Send {
    /// `#room` or `@nick`.
    pub to: String,
    /// The text; `-`, or nothing at all, reads it from stdin.
    pub text: Option<String>,
    #[command(flatten)]
    pub identity: Identity,
}

#[derive(Debug, Group)]
pub struct Tail {
    /// The room; without it, the default one.
    pub room: Option<String>,
    /// End after this many messages.
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// Begin with what was said since then: 2h, 10:30, 2026-11-24, an RFC 3339 time, or the id of a
    /// message.
    #[arg(long, value_name = "WHEN")]
    pub since: Option<When>,
    #[command(flatten)]
    pub identity: Identity,
}

#[derive(Debug, Group)]
#[command(after_help = WHEN)]
#[group(id = "bound", multiple = false, args = ["before", "after", "around"])]
pub struct History {
    /// `#room`, or `@nick` for what you and that user said to each other.
    #[arg(value_name = "ROOM|@NICK")]
    pub of: String,
    /// Show at most this many messages: the last ones; with --after the first ones after it.
    #[arg(long = "last", short = 'n', value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub last: u64,
    /// Those before this.
    #[arg(long, value_name = "WHEN")]
    pub before: Option<When>,
    /// Those after this, from the oldest on.
    #[arg(long, value_name = "WHEN")]
    pub after: Option<When>,
    /// Those around this; at most 1000.
    #[arg(long, value_name = "WHEN")]
    pub around: Option<When>,
    #[command(flatten)]
    pub identity: Identity,
}

#[derive(Debug, Group)]
#[command(after_help = WHEN)]
pub struct Search {
    /// Words that must all be in a message.
    #[arg(required = true)]
    pub words: Vec<String>,
    /// Only in this room, or between you and this user.
    #[arg(long = "in", value_name = "ROOM|@NICK")]
    pub of: Option<String>,
    /// Only what this user said.
    #[arg(long, value_name = "NICK")]
    pub from: Option<String>,
    /// Only what was said since then.
    #[arg(long, value_name = "WHEN")]
    pub since: Option<When>,
    /// Only what was said until then.
    #[arg(long, value_name = "WHEN")]
    pub until: Option<When>,
    /// Show at most this many messages, the newest ones.
    #[arg(long = "last", short = 'n', value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub last: u64,
    #[command(flatten)]
    pub identity: Identity,
}

/// Who speaks when no conversation is open.
#[derive(Clone, Debug, Group)]
pub struct Identity {
    /// What to be called; without it, the user name of this machine, with a number behind it when
    /// someone else has it. Whoever was called so here before is the same person again, also beside a
    /// running `chatctl join`.
    #[arg(long = "as", value_name = "NICK", conflicts_with_all = ["account", "token_file"])]
    pub nick: Option<String>,
    #[command(flatten)]
    pub login: Login,
}

#[derive(Debug, Group)]
pub struct Announce {
    /// What to tell them.
    pub text: String,
    /// Tell only this room.
    #[arg(long)]
    pub room: Option<String>,
}

#[derive(Debug, Group)]
pub struct Shutdown {
    /// Do not ask. Needed where nobody could be asked.
    #[arg(long, short)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum Log {
    /// Show the log level, or change it until the next start.
    Level {
        /// error, warn, info, debug, trace, off, or directives such as info,chatd::daemon::engine=debug.
        level: Option<String>,
        /// Go back to the configured level after this time, such as 10m.
        #[arg(long = "for", value_name = "TIME", value_parser = duration::parse, requires = "level")]
        duration: Option<Duration>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Check a configuration file without the daemon, and tell every mistake in it.
    Check {
        /// The file; without it, the one that chatd would read.
        file: Option<PathBuf>,
    },
    /// Show every key, its value in force, and where that came from.
    Show,
}

#[derive(Debug, Group)]
pub struct Wait {
    /// Until it takes connections. Waits one minute unless --timeout says otherwise.
    #[arg(long, required = true)]
    pub ready: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
