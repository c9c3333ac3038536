//! Who may change things: root, the daemon's own user, and members of `[admin] group`, by the
//! kernel's word about the peer. A handler that changes something takes an [`Operator`], which
//! exists only for those.

use std::io;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

use super::AdminState;
use super::failure::Failure;
use crate::daemon::logging::AUDIT;

/// Who is at the other end of a connection. Put into each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Who connected; the process may have handed the connection on since.
    pub(super) pid: Option<i32>,
}

impl Peer {
    /// Root and the daemon's own user need no group.
    pub(super) fn is_owner(self) -> bool {
        self.uid == 0 || self.uid == Uid::effective().as_raw()
    }
}

/// A peer who may change things.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operator(pub(super) Peer);

impl FromRequestParts<AdminState> for Operator {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AdminState,
    ) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<Peer>().copied();
        let Some(peer) = peer else {
            return Err(refusal("the system does not say who you are"));
        };
        let group = state.reloader.config().admin.group.clone();
        let allowed = peer.is_owner() || is_in_group(peer, group.clone()).await;
        if allowed {
            return Ok(Self(peer));
        }
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        tracing::warn!(target: AUDIT, uid = peer.uid, pid = peer.pid, method, path, outcome = "not_permitted", "refused");
        Err(refusal(&how_to_get_in(peer, group).await))
    }
}

fn refusal(text: &str) -> Failure {
    Failure::new(StatusCode::FORBIDDEN, "not_permitted", text)
}

/// Asked anew for each change, so that `usermod` works at once; in a thread, because the user
/// database may be on the network.
async fn is_in_group(peer: Peer, group: String) -> bool {
    let found = tokio::task::spawn_blocking(move || lookup(peer, &group)).await;
    match found {
        Ok(Ok(member)) => member,
        Ok(Err(error)) => {
            tracing::warn!(%error, uid = peer.uid, "the user database cannot be asked");
            false
        }
        Err(_) => false,
    }
}

fn lookup(peer: Peer, group: &str) -> io::Result<bool> {
    let Some(group) = Group::from_name(group)? else {
        return Ok(false);
    };
    if group.gid == Gid::from_raw(peer.gid) {
        return Ok(true);
    }
    let Some(user) = User::from_uid(Uid::from_raw(peer.uid))? else {
        return Ok(false);
    };
    let name = std::ffi::CString::new(user.name)?;
    Ok(getgrouplist(&name, user.gid)?.contains(&group.gid))
}

async fn how_to_get_in(peer: Peer, group: String) -> String {
    let described = tokio::task::spawn_blocking(move || {
        let user = User::from_uid(Uid::from_raw(peer.uid)).ok().flatten();
        let name = user.map_or_else(|| "YOU".to_owned(), |user| user.name);
        let join = if group_exists(&group) {
            format!("join the group {group} (`sudo usermod -aG {group} {name}`)")
        } else {
            format!(
                "make the group {group} and join it (`sudo groupadd {group} && sudo usermod -aG {group} {name}`)"
            )
        };
        format!(
            "uid {} may look, but neither change anything nor read the history: run it as root with sudo, or {join}",
            peer.uid
        )
    });
    described
        .await
        .unwrap_or_else(|_| "run it as root, or as chatd's own user".to_owned())
}

/// Whether the system knows the group. May block.
pub(super) fn group_exists(group: &str) -> bool {
    matches!(Group::from_name(group), Ok(Some(_)))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;
    use crate::config;
    use crate::daemon::certificates::Certificates;
    use crate::daemon::clock::Clock;
    use crate::daemon::engine::handle::EngineHandle;
    use crate::daemon::logging::{self, Stderr};
    use crate::daemon::nofile::OpenFiles;
    use crate::daemon::reload::Reloader;
    use crate::daemon::state::DaemonState;

    fn state() -> AdminState {
        let sources = config::Sources {
            file: None,
            sets: vec!["log.directory=".to_owned()],
            environment: config::paths::Environment::new(4242, |_| None),
        };
        let loaded = config::load(&sources).unwrap();
        let (logging, _guard, _) = logging::build(&loaded.config.log, Stderr::Journal).unwrap();
        let (engine, _) = EngineHandle::new();
        let clock = Clock::start();
        let certificates = Certificates::load(&loaded.config, clock).unwrap();
        let reloader = Reloader::new(
            sources,
            loaded,
            engine.clone(),
            logging.clone(),
            certificates.into(),
        );
        let daemon = DaemonState::new(clock, OpenFiles::raise());
        AdminState {
            reloader: reloader.into(),
            daemon: daemon.into(),
            engine,
            logging,
            history: crate::daemon::admin::History::new(None).into(),
            accounts: crate::daemon::admin::Accounts::new(registry()).into(),
        }
    }

    /// Of a registry that is closed again: nobody asks it here.
    fn registry() -> crate::registry::RegistryHandle {
        let directory = tempfile::tempdir().unwrap();
        let options = crate::registry::Options {
            path: directory.path().join("registry.db"),
            cost: crate::registry::HashCost {
                memory_kib: 8,
                passes: 1,
            },
            hash_threads: 1,
            hash_queue: 1,
            external: None,
        };
        let (registry, _) = crate::registry::Registry::open(&options, || {}).unwrap();
        registry.handle()
    }

    async fn asks(peer: Peer) -> Result<Operator, Failure> {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.extensions.insert(peer);
        Operator::from_request_parts(&mut parts, &state()).await
    }

    #[tokio::test]
    async fn a_stranger_may_not_change_anything_and_learns_how_to() {
        let failure = asks(peer(54321, 54321)).await.unwrap_err();
        assert_eq!(failure.code(), "not_permitted");
        let text = format!("{failure:?}");
        assert!(text.contains("sudo usermod -aG chatd YOU"), "{text}");
        let operator = asks(peer(0, 0)).await.unwrap();
        assert_eq!(operator.0, peer(0, 0));
    }

    fn peer(uid: u32, gid: u32) -> Peer {
        Peer {
            uid,
            gid,
            pid: None,
        }
    }

    #[test]
    fn root_and_the_daemons_own_user_are_owners() {
        assert!(peer(0, 0).is_owner());
        assert!(peer(Uid::effective().as_raw(), 12345).is_owner());
        assert!(!peer(65534, 65534).is_owner());
    }

    #[test]
    fn members_are_found_by_primary_group_and_by_the_database() {
        let root = Group::from_gid(Gid::from_raw(0)).unwrap().unwrap().name;
        assert!(lookup(peer(54321, 0), &root).unwrap());
        assert!(lookup(peer(0, 54321), &root).unwrap());
        assert!(!lookup(peer(54321, 54321), &root).unwrap());
        assert!(!lookup(peer(0, 0), "no-such-group-here").unwrap());
    }
}
