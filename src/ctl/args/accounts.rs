//! The command line of accounts: looking after them, and logging in to one. No secret is ever taken here: it
//! is asked for, or read from standard input or a file.

use std::path::PathBuf;

use clap::{Args as Group, Subcommand, ValueEnum};

use crate::ctl::duration;

/// Which account speaks, and how it is proved.
#[derive(Clone, Debug, Default, Group)]
pub struct Login {
    /// Log in to this account. Its password is asked for, unless another option says where it is, or the
    /// certificate of --tls-cert is the account's.
    #[arg(long, value_name = "NAME", conflicts_with = "token_file")]
    pub account: Option<String>,
    /// Read the account's password from the first line of stdin.
    #[arg(long, requires = "account")]
    pub password_stdin: bool,
    /// Log in with the token in this file, which only its owner may be able to read.
    #[arg(
        long,
        value_name = "FILE",
        env = "CHATCTL_TOKEN_FILE",
        hide_env_values = true
    )]
    pub token_file: Option<PathBuf>,
}

#[derive(Debug, Group)]
pub struct Register {
    /// The name of the account, which is its nick.
    pub name: String,
    /// Read the password from the first line of stdin instead of asking for it.
    #[arg(long)]
    pub password_stdin: bool,
    /// The invitation is in this file; without it, it is asked for where one is needed.
    #[arg(long, value_name = "FILE")]
    pub invitation_file: Option<PathBuf>,
}

#[derive(Debug, Group)]
pub struct Passwd {
    /// The name of the account.
    pub name: String,
    /// Read the old password from the first line of stdin and the new one from the second, instead of asking.
    #[arg(long)]
    pub password_stdin: bool,
}

#[derive(Debug, Subcommand)]
pub enum User {
    /// Make an account. Its password is asked for.
    Add {
        /// The name of the account, which is the nick that is held for it.
        name: String,
        /// Read the password from the first line of stdin instead of asking for it.
        #[arg(long)]
        password_stdin: bool,
        /// Give it no password: only tokens and certificates log in to it.
        #[arg(long, conflicts_with = "password_stdin")]
        no_password: bool,
    },
    /// Remove an account and its tokens. What it said stays.
    Del {
        /// Which.
        name: String,
        /// Do not ask. Needed where nobody could be asked.
        #[arg(long, short)]
        yes: bool,
    },
    /// Give an account another password, which is asked for, and log it out everywhere.
    Passwd {
        /// Which.
        name: String,
        /// Read the password from the first line of stdin instead of asking for it.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Show all accounts.
    List,
    /// Show one account.
    Show {
        /// Which.
        name: String,
    },
    /// Close an account and log it out everywhere. Its nick stays held.
    Disable {
        /// Which.
        name: String,
    },
    /// Open an account again.
    Enable {
        /// Which.
        name: String,
    },
    /// Let whoever is logged in to an account keep order everywhere, or not any more. It holds at once.
    Role {
        /// Which.
        name: String,
        /// What it is to be.
        role: Role,
    },
    /// Let whoever shows a certificate at the beginning of TLS log in to an account without a password.
    #[command(subcommand)]
    Cert(UserCert),
}

#[derive(Debug, Subcommand)]
pub enum UserCert {
    /// Give an account a certificate, which is no other account's.
    Add {
        /// Which account.
        name: String,
        /// The certificate's SHA-256 fingerprint, or a PEM file that it is the first in.
        #[arg(value_name = "FINGERPRINT|FILE")]
        certificate: String,
    },
    /// Take a certificate back, and end the sessions that logged in by it.
    Del {
        /// Which account.
        name: String,
        /// The certificate's SHA-256 fingerprint, or a PEM file that it is the first in.
        #[arg(value_name = "FINGERPRINT|FILE")]
        certificate: String,
    },
}

/// What an account may do everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Kick, ban and mute, and do in every room what its owner may.
    Operator,
    /// What everybody may.
    None,
}

#[derive(Debug, Subcommand)]
pub enum Invite {
    /// Make an invitation, which is good for one account, and show it this once.
    Create {
        /// For you, in the list.
        #[arg(long)]
        note: Option<String>,
        /// How long it is good, such as 12h, 7d or 2w.
        #[arg(long, value_name = "TIME", value_parser = duration::parse_keep, default_value = "7d")]
        expires: u64,
    },
    /// Show those that were not used yet.
    List,
    /// Take an invitation back.
    Revoke {
        /// Its number in the list.
        id: i64,
    },
}

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token, which logs in to an account, and show it this once.
    Create {
        /// Whose.
        #[arg(long, value_name = "NAME")]
        user: String,
        /// Good in this room only; may be given more than once.
        #[arg(long = "room", value_name = "ROOM")]
        rooms: Vec<String>,
        /// Good for sending only: it hears nothing and can ask for nothing.
        #[arg(long)]
        send_only: bool,
        /// How long it is good, such as 12h, 90d or 52w; without it, until it is revoked.
        #[arg(long, value_name = "TIME", value_parser = duration::parse_keep)]
        expires: Option<u64>,
        /// For you, in the list.
        #[arg(long)]
        note: Option<String>,
    },
    /// Show the tokens, and when each was last used.
    List {
        /// Only this account's.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Take a token back, and end the sessions that logged in with it.
    Revoke {
        /// Its number in the list.
        id: i64,
    },
}
