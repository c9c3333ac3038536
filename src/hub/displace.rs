//! Whoever uses an account's nick without it gives way.

use super::audience;
use super::event::EventKind;
use super::id::{SessionId, UserId};
use super::name::Nick;
use super::turn::Turn;

impl Turn<'_> {
    /// Somebody else may have taken the nick while it was being registered by a user who has another now.
    pub(super) fn make_way(&mut self, name: &Nick, but: Option<UserId>) {
        let holder = self.hub.state.user_named(name);
        if let Some(holder) = holder.filter(|&holder| Some(holder) != but) {
            self.tell_nick_registered(holder, name.clone(), None);
        }
    }

    /// Whoever uses an account's nick as a guest is called otherwise from now on.
    pub(super) fn displace(&mut self, user: UserId) {
        let hub = &*self.hub;
        let old = hub.state.user(user).nick.clone();
        // Of one more than there are users, one is free; accounts of such a name are passed over.
        let free = (1_u32..).find_map(|number| {
            let nick = Nick::parse(&format!("guest-{number}")).ok()?;
            let is_free = hub.state.user_named(&nick).is_none() && !hub.held.has_nick(&nick);
            is_free.then_some(nick)
        });
        let new = free.expect("there are fewer users and accounts than numbers");
        // A user whose place is kept has no session that the log could name.
        let by = hub.state.user(user).sessions.first().copied();
        let by = by.unwrap_or(SessionId { slot: 0, serial: 0 });
        self.rename_user(user, by, new.clone());
        self.tell_nick_registered(user, old, Some(new));
    }

    pub(super) fn tell_nick_registered(&mut self, user: UserId, nick: Nick, new: Option<Nick>) {
        let audience = audience::own(&self.hub.state, user);
        self.tell(audience, EventKind::NickRegistered { nick, new });
    }
}
