//! The table of all keys: adding one is one entry here and one block in `config/chat.toml`.
//! Reading, printing, bounds, "did you mean", what a reload may change and the reference in
//! `docs/configuration.md` all follow from it.

use std::time::Duration;

use super::Config;
use super::external::check_command;
use super::field::{Words, at};
use super::kind::{Kind, OPER_PASSWORD, PASSWORD};
use super::listen::ListenDraft;
use super::opers::{self, OperDraft};
use super::paths::{self, Environment};
use super::text::{check_log_level, check_origins, group_name, one_line, one_word, socket_path};
use super::{ClientCertificates, Durability, LogFormat, Protocol, Rotation, Trust};
use crate::hub::account::{Registration, Require};
use crate::hub::command::PLAYBACK_MAX;
use crate::hub::settings::OnFailure;

/// A section of the file, in the order of printing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Server,
    Listen,
    Tls,
    Http,
    Irc,
    Oper,
    Limits,
    History,
    Accounts,
    External,
    Log,
    Admin,
}

/// When a changed value comes into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Reload,
    Restart,
}

/// One key of a section whose values are fields of `T`.
#[derive(Debug)]
pub(super) struct Key<T: 'static> {
    pub(super) section: Section,
    pub(super) name: &'static str,
    pub(super) kind: Kind<T>,
    pub(super) change: Change,
    /// One line for the reference.
    pub(super) about: &'static str,
}

/// What the reference says about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// `limits`
    pub section: &'static str,
    /// `rate`
    pub name: &'static str,
    /// Type and bounds in words: "a whole number from 1 to 65535".
    pub expected: String,
    /// In TOML's notation; `None` where it depends on who runs chatd, or there is none.
    pub default: Option<String>,
    /// Whether a change needs a restart; the others take effect on reload.
    pub needs_restart: bool,
    /// One line.
    pub about: &'static str,
}

/// All keys, in the order of printing.
#[must_use]
pub fn all() -> Vec<KeyInfo> {
    let anyone = Environment::new(0, |_| None);
    let config = Config::defaults(&paths::directories(&anyone));
    let listen = config.listen.first().map(ListenDraft::from);
    let of_config = CONFIG_KEYS
        .iter()
        .map(|key| key.info(key.kind.show(&config)));
    let of_listen = LISTEN_KEYS
        .iter()
        .map(|key| key.info(listen.as_ref().and_then(|draft| key.kind.show(draft))));
    let of_oper = OPER_KEYS.iter().map(|key| key.info(None));
    let keys = of_config.chain(of_listen).chain(of_oper);
    let mut keys: Vec<(Section, KeyInfo)> = keys.collect();
    // Stable: within a section the table's order stays.
    keys.sort_by_key(|(section, _)| *section);
    keys.into_iter().map(|(_, info)| info).collect()
}

impl Section {
    pub(super) const ALL: [Self; 12] = [
        Self::Server,
        Self::Listen,
        Self::Tls,
        Self::Http,
        Self::Irc,
        Self::Oper,
        Self::Limits,
        Self::History,
        Self::Accounts,
        Self::External,
        Self::Log,
        Self::Admin,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Listen => "listen",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Irc => "irc",
            Self::Oper => "oper",
            Self::Limits => "limits",
            Self::History => "history",
            Self::Accounts => "accounts",
            Self::External => "accounts.external",
            Self::Log => "log",
            Self::Admin => "admin",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.name() == name)
    }

    /// The section's keys that are fields of the config; none for `[[listen]]` and `[[oper]]`.
    pub(super) fn keys(self) -> impl Iterator<Item = &'static Key<Config>> {
        CONFIG_KEYS.iter().filter(move |key| key.section == self)
    }

    /// The sections that have a key of this name.
    pub(super) fn with_key(name: &str) -> impl Iterator<Item = Self> {
        let of_config = CONFIG_KEYS.iter().map(|key| (key.section, key.name));
        let of_listen = LISTEN_KEYS.iter().map(|key| (key.section, key.name));
        let of_oper = OPER_KEYS.iter().map(|key| (key.section, key.name));
        of_config
            .chain(of_listen)
            .chain(of_oper)
            .filter(move |(_, known)| *known == name)
            .map(|(section, _)| section)
    }
}

impl<T> Key<T> {
    pub(super) fn needs_restart(&self) -> bool {
        self.change == Change::Restart
    }

    fn info(&self, default: Option<String>) -> (Section, KeyInfo) {
        let info = KeyInfo {
            section: self.section.name(),
            name: self.name,
            expected: self.kind.expected(),
            default: match self.kind {
                Kind::Path(..) => None,
                Kind::Count(..)
                | Kind::Size(..)
                | Kind::Time(..)
                | Kind::Number(..)
                | Kind::Switch(..)
                | Kind::Text(..)
                | Kind::Secret(..)
                | Kind::List(..)
                | Kind::Choice(..) => default,
            },
            needs_restart: self.needs_restart(),
            about: self.about,
        };
        (self.section, info)
    }
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// One entry of a table: section, key, kind, change, about.
macro_rules! key {
    ($section:ident $name:literal, $kind:expr, $change:ident, $about:literal) => {
        Key {
            section: Section::$section,
            name: $name,
            kind: $kind,
            change: Change::$change,
            about: $about,
        }
    };
}

/// The keys of one `[[listen]]`.
pub(super) static LISTEN_KEYS: &[Key<ListenDraft>] = &[
    key!(Listen "protocol", Kind::Choice(Protocol::WORDS, at!(protocol)), Restart,
        "What is spoken here."),
    key!(Listen "address", Kind::Text("an IP address", at!(address)), Restart,
        "Where to listen. 127.0.0.1 and ::1 are this machine only; 0.0.0.0 and :: are every network."),
    key!(Listen "port", Kind::Count(0..=65535, at!(port)), Restart,
        "TCP port; 0 lets the system choose one."),
    key!(Listen "unix", Kind::Path("an absolute path", at!(unix, socket_path)), Restart,
        "A Unix socket to listen on, instead of address and port. Default: none."),
    key!(Listen "tls", Kind::Switch(at!(tls)), Restart,
        "Whether clients must speak TLS here, with the certificate of [tls]."),
    key!(Listen "trust", Kind::Choice(Trust::WORDS, at!(trust)), Restart,
        "What proves who a peer is: \"none\", nothing but what it says; \"peer\", on a Unix socket, the system: a system user needs no password for the account of the same name."),
    key!(Listen "proxies", Kind::List("a list of addresses, or of blocks such as \"10.1.0.0/16\"", at!(proxies)), Restart,
        "Proxies: each connection from there begins with a PROXY header that says who is behind it. [] is nobody."),
];

/// The keys of one `[[oper]]`.
pub(super) static OPER_KEYS: &[Key<OperDraft>] = &[
    key!(Oper "name", Kind::Text("one word of at most 64 bytes", at!(name, opers::check_name)), Reload,
        "By which name somebody on IRC becomes a server operator. Default: there is nobody."),
    key!(Oper "password", Kind::Secret(OPER_PASSWORD, at!(password)), Reload,
        "And by which password. chatd never prints it, but its hash. docs/operations.md tells how to make an Argon2id hash."),
];

/// All other keys.
#[rustfmt::skip] // a table: one key, one entry of the same shape
pub(super) static CONFIG_KEYS: &[Key<Config>] = &[
    key!(Server "name", Kind::Text("one word of at most 64 bytes", at!(server.name, one_word)), Reload,
        "The server's name, in greetings."),
    key!(Server "motd", Kind::Text("one line of at most 400 bytes", at!(server.motd, one_line)), Reload,
        "What everyone is told after logging in; empty says nothing."),
    key!(Server "default_room", Kind::Text("a room's name", at!(limits.hub.default_room)), Restart,
        "The room that old clients are in, and that never closes."),
    key!(Server "io_threads", Kind::Count(1..=64, at!(server.io_threads)), Restart,
        "Threads that read and write sockets: with 1 the only one, with more so many beside it."),
    key!(Server "buffer_size", Kind::Size(512..=MIB, at!(server.buffer_size)), Restart,
        "Most bytes read from a connection at a time."),
    key!(Server "backlog", Kind::Count(1..=65535, at!(server.backlog)), Restart,
        "Connections that may wait to be accepted, per listener."),
    key!(Server "shutdown_grace", Kind::Time(secs(0)..=secs(300), at!(server.shutdown_grace)), Reload,
        "How long a shutdown waits until everyone has got what is queued for them."),

    key!(Tls "certificate", Kind::Path("an absolute path, or \"\" for none", at!(tls.certificate)), Reload,
        "The server's certificate and those that vouch for it, in PEM form. Default: none."),
    key!(Tls "key", Kind::Path("an absolute path, or \"\" for none", at!(tls.key)), Reload,
        "The certificate's private key, in PEM form, without a passphrase. Default: none."),
    key!(Tls "client_ca", Kind::Path("an absolute path, or \"\" for none", at!(tls.client_ca)), Reload,
        "The certificates of those who may vouch for clients, in PEM form. Default: none."),
    key!(Tls "client_certificates", Kind::Choice(ClientCertificates::WORDS, at!(tls.client_certificates)), Reload,
        "Whether clients are asked for a certificate: not at all, \"optional\", they may show one, \"required\", they must."),
    key!(Tls "handshake_timeout", Kind::Time(millis(100)..=secs(300), at!(tls.handshake_timeout)), Reload,
        "How long a connection may take to agree on TLS."),
    key!(Tls "max_handshakes", Kind::Count(1..=100_000, at!(tls.max_handshakes)), Reload,
        "Connections at one time on which TLS is still being agreed on, an eighth of them (at least 8) from one address; more are turned away."),

    key!(Http "origins", Kind::List("a list of origins such as \"https://chat.example\" or \"https://*.example.org\"", at!(http.origins, check_origins)), Reload,
        "Whose web pages may connect by WebSocket; [] is everyone's. Programs that are no browser may in any case."),

    key!(Irc "gateways", Kind::List("a list of addresses, or of blocks such as \"10.1.0.0/16\"", at!(irc.gateways)), Reload,
        "Gateways that open connections for others and say so by WEBIRC. [] is nobody."),
    key!(Irc "gateway_password_sha256", Kind::Secret("the SHA-256 of a password, 64 hexadecimal digits, or \"\" for none", at!(irc.gateway_password_sha256)), Reload,
        "What the gateways' password must hash to."),
    key!(Irc "gateway_certificates", Kind::List("a list of SHA-256 fingerprints", at!(irc.gateway_certificates)), Reload,
        "Client certificates by which gateways prove themselves instead of by a password."),
    key!(Irc "password", Kind::Secret(PASSWORD, at!(irc.password)), Reload,
        "What an IRC client must say by PASS to come in. chatd never prints it, but its hash."),
    key!(Irc "admin", Kind::Text("one line of at most 400 bytes", at!(irc.admin, one_line)), Reload,
        "Whom ADMIN names, such as a name and an e-mail address; empty names nobody."),
    key!(Irc "autoreplay", Kind::Count(0..=PLAYBACK_MAX as u64, at!(irc.autoreplay)), Reload,
        "Messages that an IRC client is shown when it enters a room, if it cannot ask for them itself; 0 is none."),

    key!(Irc "sts", Kind::Time(secs(0)..=secs(3650 * 86_400), at!(irc.sts)), Reload,
        "How long IRC clients are to use TLS only, once they were told (strict transport security); 0s tells them nothing."),

    key!(Limits "max_connections", Kind::Count(1..=1_000_000, at!(limits.hub.max_connections)), Reload,
        "Connections at one time, all listeners together."),
    key!(Limits "max_connections_per_ip", Kind::Count(0..=1_000_000, at!(limits.hub.max_connections_per_ip)), Reload,
        "Connections at one time from one IPv4 address or one IPv6 /64; 0 is no limit."),
    key!(Limits "connects_per_minute", Kind::Count(0..=1_000_000, at!(limits.hub.connects_per_minute)), Reload,
        "Connections per minute from one IPv4 address or one IPv6 /64; 0 is no limit."),
    key!(Limits "logins_per_minute", Kind::Count(0..=1_000_000, at!(limits.hub.logins_per_minute)), Reload,
        "Logins per minute of everybody together; 0 is no limit, as below, and rate = 0 lifts these five."),
    key!(Limits "joins_per_minute", Kind::Count(0..=1_000_000, at!(limits.hub.joins_per_minute)), Reload,
        "Rooms that one person may join or try to join per minute."),
    key!(Limits "nick_changes_per_minute", Kind::Count(0..=1_000_000, at!(limits.hub.nick_changes_per_minute)), Reload,
        "Nicks that one person may take per minute."),
    key!(Limits "text_per_minute", Kind::Size(0..=1024 * MIB, at!(limits.hub.text_per_minute)), Reload,
        "Text that one person may say per minute, with the tags beside it."),
    key!(Limits "strangers_per_minute", Kind::Count(0..=1_000_000, at!(limits.hub.strangers_per_minute)), Reload,
        "Private messages and invitations per minute from one person to users with whom they share no room."),
    key!(Limits "blocked_words", Kind::Text("up to 100 words with commas between them", at!(limits.hub.blocked_words)), Reload,
        "Words that may not be said anywhere; with a * before or behind it a word is also found as a part of longer ones."),
    key!(Limits "message_bytes", Kind::Size(64..=64 * KIB, at!(limits.hub.message_bytes)), Reload,
        "Longest text of one message, in UTF-8."),
    key!(Limits "topic_bytes", Kind::Size(16..=64 * KIB, at!(limits.hub.topic_bytes)), Reload,
        "Longest topic or away text, in UTF-8; not above message_bytes."),
    key!(Limits "rooms_per_user", Kind::Count(1..=100_000, at!(limits.hub.rooms_per_user)), Reload,
        "Rooms that one user may be in at a time."),
    key!(Limits "max_rooms", Kind::Count(1..=1_000_000, at!(limits.hub.max_rooms)), Reload,
        "Rooms that somebody is in at one time, the default room included."),
    key!(Limits "ignores_per_user", Kind::Count(0..=100_000, at!(limits.hub.ignores_per_user)), Reload,
        "Users that one user may ignore."),
    key!(Limits "send_queue_bytes", Kind::Size(64 * KIB..=1024 * MIB, at!(limits.send_queue_bytes)), Reload,
        "Most bytes that wait for one peer; who is slower is disconnected."),
    key!(Limits "login_timeout", Kind::Time(millis(100)..=secs(3600), at!(limits.hub.login_timeout)), Reload,
        "How long a connection may take to log in."),
    key!(Limits "ping_interval", Kind::Time(millis(100)..=secs(86400), at!(limits.hub.ping_interval)), Reload,
        "A client that was silent this long is asked whether it lives."),
    key!(Limits "ping_timeout", Kind::Time(millis(100)..=secs(3600), at!(limits.hub.ping_timeout)), Reload,
        "And is disconnected when it has not answered this long after."),
    key!(Limits "resume_window", Kind::Time(secs(0)..=secs(86400), at!(limits.hub.resume_window)), Reload,
        "How long a user's nick and rooms are kept when their connection breaks, where their client asked for it; 0s keeps none."),
    key!(Limits "rate", Kind::Number(0.0..=1_000_000.0, at!(limits.hub.rate)), Reload,
        "Flood control: commands per second that a session may send for long; 0 lifts flood control."),
    key!(Limits "burst", Kind::Number(1.0..=1_000_000.0, at!(limits.hub.burst)), Reload,
        "Flood control: commands that a session may send at once after a pause."),
    key!(Limits "max_faults", Kind::Count(1..=1_000_000, at!(limits.hub.max_faults)), Reload,
        "Objects that made no sense, less those that did, per session, before it is closed."),
    key!(Limits "old_client_pace", Kind::Time(millis(1)..=secs(10), at!(limits.old_client_pace)), Reload,
        "Pause between two objects to an old client, which takes what arrives together for one."),
    key!(Limits "reads_per_turn", Kind::Count(1..=1024, at!(limits.reads_per_turn)), Reload,
        "Most reads of one connection before the others have their turn."),
    key!(Limits "flush_slice", Kind::Count(1..=100_000, at!(limits.flush_slice)), Reload,
        "Peers that are written to before new input is looked at."),

    key!(History "path", Kind::Path("an absolute path", at!(history.path)), Restart,
        "The history's database. Default: history.db in $STATE_DIRECTORY, else in /var/lib/chatd for root, else in chatd in the user's state directory."),
    key!(History "durability", Kind::Choice(Durability::WORDS, at!(history.durability)), Restart,
        "What an acknowledgement means: \"commit\", it is on the disk; \"relaxed\", it will be within a second; \"off\", there is no history."),
    key!(History "on_failure", Kind::Choice(OnFailure::WORDS, at!(limits.hub.on_failure)), Reload,
        "While nothing can be kept, because the disk is full or slow: refuse new messages, or let them be said and be missing."),
    key!(History "retention", Kind::Time(secs(0)..=secs(100 * 366 * 86400), at!(history.retention)), Reload,
        "How long messages are kept; 0s is for ever. A room may have its own: chatctl room retention."),
    key!(History "retention_messages", Kind::Count(0..=1_000_000_000, at!(history.retention_messages)), Reload,
        "How many messages of each conversation are kept; 0 is all."),
    key!(History "queue_bytes", Kind::Size(64 * KIB..=1024 * MIB, at!(history.queue_bytes)), Restart,
        "Most bytes of messages that wait for the disk; more are refused."),

    key!(Accounts "path", Kind::Path("an absolute path", at!(accounts.path)), Restart,
        "The database of accounts, invitations, tokens, rooms' settings and rules. Default: registry.db in the directory of the history's default."),
    key!(Accounts "registration", Kind::Choice(Registration::WORDS, at!(limits.hub.registration)), Reload,
        "Who may make an account: \"open\", everybody; \"invite\", whoever has an invitation; \"operator\", only operators."),
    key!(Accounts "register_before_login", Kind::Switch(at!(limits.hub.register_before_login)), Reload,
        "Whether an IRC client may make an account before it is let in, where everybody may make one."),
    key!(Accounts "require", Kind::Choice(Require::WORDS, at!(limits.hub.require_account)), Reload,
        "Who must have an account: \"none\", nobody; \"remote\", everybody who is not on loopback or a Unix socket; \"all\", everybody."),
    key!(Accounts "password_length", Kind::Count(1..=64, at!(limits.hub.password_length)), Reload,
        "Fewest characters of a new password."),
    key!(Accounts "hash_memory", Kind::Size(7 * MIB..=1024 * MIB, at!(accounts.hash_memory)), Reload,
        "Memory that the hash of one password takes while it is made (Argon2id)."),
    key!(Accounts "hash_passes", Kind::Count(1..=16, at!(accounts.hash_passes)), Reload,
        "Passes over that memory."),
    key!(Accounts "hash_threads", Kind::Count(1..=64, at!(accounts.hash_threads)), Restart,
        "Passwords that are hashed at a time, each on a thread of its own."),
    key!(Accounts "hash_queue", Kind::Count(1..=512, at!(accounts.hash_queue)), Restart,
        "Passwords that may wait to be hashed; more logins are refused."),

    key!(External "command", Kind::List("a list of texts: a program's absolute path and its arguments", at!(accounts.external.command, check_command)), Restart,
        "A program that says whether a password is right, for everybody who has none in the registry; [] asks none."),
    key!(External "url", Kind::Text("an http URL with an address of this machine and a port, or \"\" for none", at!(accounts.external.url)), Restart,
        "The same over HTTP, instead of command."),
    key!(External "timeout", Kind::Time(millis(100)..=secs(60), at!(accounts.external.timeout)), Restart,
        "How long one check may take, with its wait for others; then the login is refused and the program killed."),
    key!(External "cache", Kind::Time(secs(0)..=secs(86400), at!(accounts.external.cache)), Restart,
        "How long the same name and password need not be checked again once they were right; 0s is never."),
    key!(External "concurrency", Kind::Count(1..=64, at!(accounts.external.concurrency)), Restart,
        "Checks at a time."),
    key!(External "queue", Kind::Count(1..=512, at!(accounts.external.queue)), Restart,
        "Passwords that may wait to be checked; more logins are refused."),

    key!(Log "directory", Kind::Path("an absolute path, or \"\" for no files", at!(log.directory)), Restart,
        "Where the log files are. Default: $LOGS_DIRECTORY, else /var/log/chatd for root, else chatd/log in the user's state directory."),
    key!(Log "rotation", Kind::Choice(Rotation::WORDS, at!(log.rotation)), Restart,
        "When a new log file begins."),
    key!(Log "keep", Kind::Count(1..=10_000, at!(log.keep)), Restart,
        "Log files kept; older ones are deleted."),
    key!(Log "file_bytes", Kind::Size(64 * KIB..=1024 * MIB, at!(log.file_bytes)), Restart,
        "Another log file begins when one is this long, too; not with rotation = \"never\"."),
    key!(Log "level", Kind::Text("a log level", at!(log.level, check_log_level)), Reload,
        "error, warn, info, debug, trace or off, or several directives such as \"info,chatd::daemon=debug\"."),
    key!(Log "format", Kind::Choice(LogFormat::WORDS, at!(log.format)), Restart,
        "How a log line is written."),

    key!(Admin "socket", Kind::Path("an absolute path", at!(admin.socket, socket_path)), Restart,
        "The Unix socket that chatctl asks. Default: admin.sock in $RUNTIME_DIRECTORY, else in /run/chatd for root, else in chatd in $XDG_RUNTIME_DIR."),
    key!(Admin "group", Kind::Text("a group's name", at!(admin.group, group_name)), Restart,
        "Members of this group may change things through the admin socket, beside root and the daemon's own user."),
];
