//! Connections as the chat knows them: who speaks through each, and what is its own rather than
//! its user's. Liveness is in `timers.rs`, speed in `flood.rs`.

use super::address::{Network, Networks, Source};
use super::fingerprint::Fingerprint;
use super::history::OwnerId;
use super::id::{SessionId, UserId, UserKey};
use super::name::Nick;
use super::time::UnixMillis;

/// One connection.
#[derive(Debug)]
pub(super) struct Session {
    /// Tells it from others that had the slot before.
    pub(super) serial: u32,
    /// Group chat off.
    pub(super) deaf: bool,
    /// Whether it hears what it says itself.
    pub(super) wants_echo: bool,
    /// Whether its user keeps their place for a while when it breaks.
    pub(super) does_resume: bool,
    /// As whom it has logged in. Set once, by its login.
    pub(super) user: Option<UserId>,
    /// Who its peer has proved to be, if it has.
    pub(super) proof: Option<Box<Proof>>,
    pub(super) source: Source,
    /// Who its user is, once it has one: the owner of their account, or the hash of `key`, which takes too
    /// long to make for each message.
    pub(super) owner: OwnerId,
    pub(super) connected_at: UnixMillis,
    /// Its user's key, the same for all of the user's sessions; until it has logged in, the key
    /// that a new user gets from it.
    pub(super) key: UserKey,
}

/// Who a peer is by something else than what it says.
#[derive(Debug, PartialEq)]
pub(super) enum Proof {
    /// See [`Input::Certified`](super::input::Input::Certified).
    Certificate {
        fingerprint: Fingerprint,
        /// Whether it has logged in by that.
        is_login: bool,
    },
    /// See [`Input::Vouched`](super::input::Input::Vouched).
    SystemUser(Nick),
}

impl Proof {
    pub(super) fn shown(fingerprint: Fingerprint) -> Self {
        Self::Certificate {
            fingerprint,
            is_login: false,
        }
    }
}

/// All connections, by slot.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    slots: Vec<Option<Session>>,
    len: usize,
    pub(super) networks: Networks,
}

impl Session {
    /// One that has not logged in.
    pub(super) fn new(serial: u32, source: Source, key: UserKey, at: UnixMillis) -> Self {
        Self {
            serial,
            deaf: false,
            wants_echo: true,
            does_resume: false,
            user: None,
            proof: None,
            owner: OwnerId::default(),
            source,
            connected_at: at,
            key,
        }
    }

    /// `None` for a peer on a Unix socket.
    pub(super) fn network(&self) -> Option<Network> {
        self.source.network()
    }

    pub(super) fn certificate(&self) -> Option<Fingerprint> {
        match self.proof.as_deref()? {
            Proof::Certificate { fingerprint, .. } => Some(*fingerprint),
            Proof::SystemUser(_) => None,
        }
    }

    /// Whether it has logged in by the certificate that its peer has shown.
    pub(super) fn is_by_certificate(&self) -> bool {
        matches!(
            self.proof.as_deref(),
            Some(Proof::Certificate { is_login: true, .. })
        )
    }

    /// The system user that its peer is, where the listener trusts that.
    pub(super) fn system_user(&self) -> Option<&Nick> {
        match self.proof.as_deref()? {
            Proof::SystemUser(user) => Some(user),
            Proof::Certificate { .. } => None,
        }
    }

    /// The network of a peer that is not on this machine.
    pub(super) fn remote_network(&self) -> Option<Network> {
        self.network().filter(|network| !network.is_loopback())
    }
}

impl Sessions {
    /// `None` for one that has ended, though its slot may be taken again.
    pub(super) fn find(&self, id: SessionId) -> Option<&Session> {
        self.slots
            .get(id.slot as usize)?
            .as_ref()
            .filter(|session| session.serial == id.serial)
    }

    pub(super) fn find_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.slots
            .get_mut(id.slot as usize)?
            .as_mut()
            .filter(|session| session.serial == id.serial)
    }

    /// Who has the slot now.
    pub(super) fn in_slot(&self, slot: u32) -> Option<SessionId> {
        let session = self.slots.get(slot as usize)?.as_ref()?;
        Some(SessionId {
            slot,
            serial: session.serial,
        })
    }

    /// The slot must be free.
    pub(super) fn insert(&mut self, slot: u32, session: Session) {
        let index = slot as usize;
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, || None);
        }
        if let Some(network) = session.network() {
            self.networks.add(network);
        }
        let before = self.slots[index].replace(session);
        debug_assert!(before.is_none(), "slot {slot} is taken");
        self.len += 1;
    }

    pub(super) fn remove(&mut self, id: SessionId) -> Option<Session> {
        self.find(id)?;
        let session = self.slots[id.slot as usize].take()?;
        if let Some(network) = session.network() {
            self.networks.remove(network);
        }
        self.len -= 1;
        Some(session)
    }

    /// Whoever is behind a session comes from there, and has proved nothing.
    pub(super) fn introduce(&mut self, id: SessionId, source: Source) {
        let Some(session) = self.find_mut(id) else {
            return;
        };
        session.proof = None;
        let before = std::mem::replace(&mut session.source, source);
        if let Some(network) = before.network() {
            self.networks.remove(network);
        }
        if let Some(network) = source.network() {
            self.networks.add(network);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// All of them, by slot.
    pub(super) fn iter(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        (0..).zip(&self.slots).filter_map(|(slot, session)| {
            let session = session.as_ref()?;
            let serial = session.serial;
            Some((SessionId { slot, serial }, session))
        })
    }
}
