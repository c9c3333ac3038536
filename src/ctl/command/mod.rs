//! The commands, one file each or one for a family. Each asks, turns the answer into rows and
//! hands it to `render`; what may go wrong is the client's business. This file only chooses.

pub mod backup;
pub mod cert;
pub mod completion;
pub mod config;
pub mod db;
pub mod doctor;
pub mod export;
pub mod grant;
pub mod history;
pub mod history_delete;
pub mod import;
pub mod log;
pub mod man;
pub mod moderation;
pub mod observe;
pub mod operate;
pub mod passwd;
pub mod register;
pub mod retention;
pub mod room;
pub mod search;
pub mod send;
pub mod status;
pub mod tail;
pub mod trace;
pub mod user;
pub mod wait;

use std::time::Duration;

use anyhow::Result;

use super::admin_client::Admin;
use super::args::{Args, Command};
use super::locate::Whereabouts;
use super::{bench, join};
use crate::config::paths::{Environment, admin_socket_candidates};
use crate::wire::admin::moderation::Effect;

/// How long the daemon may take to answer unless `--timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The same for what takes as long as a disk takes; chatd itself gives up sooner when nothing moves.
const LASTING_TIMEOUT: Duration = Duration::from_secs(7 * 86_400);

/// Carries out the command.
///
/// # Errors
/// A failure by the contract of exit codes; see `exit`.
pub async fn run(args: &Args) -> Result<()> {
    let environment = Environment::from_process();
    let find_admin = || {
        let sockets = admin_socket_candidates(args.socket.as_deref(), &environment);
        Admin::new(sockets, args.timeout.unwrap_or(TIMEOUT))
    };
    let admin = find_admin();
    let lasting = admin.within(args.timeout.unwrap_or(LASTING_TIMEOUT));
    let whereabouts = Whereabouts {
        named: args.server.clone(),
        trust: args.trust.clone(),
        admin: admin.clone(),
    };
    let server = || whereabouts.server();
    let output = args.output;
    match &args.command {
        Command::Join(join) => join::run(join, &whereabouts, output, args.timeout).await,
        Command::Send(send) => send::run(send, server().await?, output, args.timeout).await,
        Command::Tail(tail) => tail::run(tail, &whereabouts, output, args.timeout).await,
        Command::History(asked) => history::run(asked, server().await?, output, args.timeout).await,
        Command::Search(asked) => search::run(asked, server().await?, output, args.timeout).await,
        Command::Register(asked) => {
            register::run(asked, server().await?, output, args.timeout).await
        }
        Command::Passwd(asked) => passwd::run(asked, server().await?, output, args.timeout).await,
        Command::Status => status::run(&admin, output).await,
        Command::Who => observe::who(&admin, output).await,
        Command::Rooms => observe::rooms(&admin, output).await,
        Command::Stats => observe::stats(&admin, output).await,
        Command::Trace(asked) => trace::run(&admin, output, asked).await,
        Command::Kick(kick) => moderation::kick(&admin, output, kick).await,
        Command::Ban(ban) => moderation::ban(&admin, output, ban).await,
        Command::Mute(rule) => moderation::rule(&admin, output, Effect::Mute, rule).await,
        Command::Exempt(rule) => moderation::rule(&admin, output, Effect::Exempt, rule).await,
        Command::Admit(admit) => moderation::admit(&admin, output, admit).await,
        Command::Unban(rule) => moderation::end(&admin, output, Effect::Ban, rule).await,
        Command::Unmute(rule) => moderation::end(&admin, output, Effect::Mute, rule).await,
        Command::Unexempt(rule) => moderation::end(&admin, output, Effect::Exempt, rule).await,
        Command::Unadmit(admit) => moderation::unadmit(&admin, output, admit).await,
        Command::Bans(bans) => moderation::list(&admin, output, bans).await,
        Command::Announce(announce) => operate::announce(&admin, output, announce).await,
        Command::User(user) => user::run(&admin, output, user).await,
        Command::Invite(invite) => grant::invite(&admin, output, invite).await,
        Command::Token(token) => grant::token(&admin, output, token).await,
        Command::Room(room) => room::run(&admin, output, room).await,
        Command::Reload => operate::reload(&admin, output).await,
        Command::Shutdown(shutdown) => operate::shutdown(&admin, output, shutdown).await,
        Command::Log(log) => log::run(&admin, output, log).await,
        Command::Config(config) => config::run(&admin, output, config, &environment).await,
        Command::Export(export) => export::run(&lasting, output, export).await,
        Command::Import(import) => import::run(&lasting, output, import).await,
        Command::Backup(backup) => backup::run(&lasting, output, backup).await,
        Command::Restore(restore) => backup::restore(output, restore, &environment),
        Command::HistoryDelete(delete) => history_delete::run(&lasting, output, delete).await,
        Command::Db(db) => db::run(&lasting, output, db, &environment).await,
        Command::Cert(cert) => cert::run(output, cert, args.timeout.unwrap_or(TIMEOUT)).await,
        Command::Wait(_) => wait::ready(&find_admin, output, args.timeout).await,
        Command::Bench(bench) => bench::run(bench, args, &whereabouts).await,
        Command::Doctor => doctor::run(&admin, output, &environment).await,
        Command::Completion { shell } => completion::run(*shell),
        Command::Man { dir } => man::run(dir.as_deref()),
    }
}
