//! Which nick a system user may claim: their name, by their uid. The system may ask a directory on another
//! machine for it and hang, so it is asked on threads of their own, few at a time, and what it answers is
//! kept for a minute.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use nix::unistd::{Uid, User};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

use crate::hub::name::Nick;

/// The names of system users. Belongs to one thread.
#[derive(Debug)]
pub struct SystemUsers {
    known: RefCell<HashMap<u32, Known>>,
    lookups: Arc<Semaphore>,
    wait_max: Duration,
}

#[derive(Clone, Debug)]
struct Known {
    nick: Option<Nick>,
    until: Instant,
}

impl Default for SystemUsers {
    fn default() -> Self {
        Self {
            known: RefCell::default(),
            lookups: Arc::new(Semaphore::new(LOOKUPS_MAX)),
            wait_max: WAIT_MAX,
        }
    }
}

impl SystemUsers {
    /// What was found out within the last minute: a nick, or that the user has none. `None` when the system
    /// has to be asked.
    pub fn known(&self, uid: u32) -> Option<Option<Nick>> {
        let known = self.known.borrow();
        let known = known.get(&uid)?;
        (known.until > Instant::now()).then(|| known.nick.clone())
    }

    /// Asks the system, for 5 s at most.
    ///
    /// # Errors
    /// The system's, or that it took too long; that is not kept.
    pub async fn look_up(&self, uid: u32) -> io::Result<Option<Nick>> {
        let answer = timeout(self.wait_max, async {
            let permit = Arc::clone(&self.lookups).acquire_owned().await;
            let permit = permit.map_err(io::Error::other)?;
            if let Some(known) = self.known(uid) {
                return Ok(known); // found out for another connection while this one waited
            }
            let asked = spawn_blocking(move || {
                let _permit = permit; // a lookup that nobody waits for any more still takes a thread
                nick_of(uid)
            });
            asked.await.map_err(io::Error::other)?
        });
        let nick = answer.await??;
        self.keep(uid, nick.clone());
        Ok(nick)
    }

    fn keep(&self, uid: u32, nick: Option<Nick>) {
        let now = Instant::now();
        let mut known = self.known.borrow_mut();
        if known.len() >= KNOWN_MAX {
            known.retain(|_, known| known.until > now);
        }
        if known.len() < KNOWN_MAX {
            let until = now + KEPT_FOR;
            known.insert(uid, Known { nick, until });
        }
    }
}

fn nick_of(uid: u32) -> io::Result<Option<Nick>> {
    if uid == OVERFLOW_UID {
        return Ok(None);
    }
    let user = User::from_uid(Uid::from_raw(uid))?;
    Ok(user.and_then(|user| nick_named(&user.name)))
}

/// Only of a name that is its nick's key: to the system `Ana` and `ana` are two users, and nicks that differ
/// in case or in the form of their letters are one.
fn nick_named(name: &str) -> Option<Nick> {
    Nick::parse(name).ok().filter(|nick| nick.key() == name)
}

/// How long a connection waits for the system.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Lookups at a time, with those that hang.
const LOOKUPS_MAX: usize = 4;
/// How long an answer is kept.
const KEPT_FOR: Duration = Duration::from_secs(60);
/// Answers that are kept.
const KNOWN_MAX: usize = 1024;
/// Whom the kernel names where a peer's uid has no number here, as in another user namespace.
const OVERFLOW_UID: u32 = 65534;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_system_users_have_one_nick() {
        let nick = |name| nick_named(name).map(|nick| nick.as_str().to_owned());
        assert_eq!(nick("ana").as_deref(), Some("ana"));
        for other in ["Ana", "a na", "", "pae\u{301}", "\u{ff41}na"] {
            assert_eq!(nick(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn a_name_is_asked_for_once() {
        let users = SystemUsers::default();
        assert_eq!(users.known(0), None);
        let root = users.look_up(0).await.unwrap();
        assert_eq!(root.as_ref().map(Nick::as_str), Some("root"));
        assert_eq!(users.known(0), Some(root));
        assert_eq!(users.look_up(OVERFLOW_UID).await.unwrap(), None);
        let nobody_has_it = u32::MAX - 7;
        assert_eq!(users.look_up(nobody_has_it).await.unwrap(), None);
    }

    #[tokio::test]
    async fn lookups_that_hang_hold_nobody_up_for_long() {
        let mut users = SystemUsers {
            wait_max: Duration::from_millis(10),
            ..SystemUsers::default()
        };
        let hung =
            Arc::clone(&users.lookups).acquire_many_owned(u32::try_from(LOOKUPS_MAX).unwrap());
        let hung = hung.await.unwrap();
        let refused = users.look_up(0).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
        assert_eq!(users.known(0), None, "that is no answer");
        drop(hung);
        users.wait_max = WAIT_MAX;
        assert!(users.look_up(0).await.unwrap().is_some());
    }
}
