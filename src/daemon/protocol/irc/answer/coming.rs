//! What a client said of itself before it was let in, asked of the hub once it is; and what comes with a room that it
//! enters.

use super::Answering;
use crate::daemon::protocol::irc::about::About;
use crate::daemon::protocol::irc::caps::Cap;
use crate::daemon::protocol::irc::context::Context;
use crate::daemon::protocol::irc::registration::Registration;
use crate::hub::command::Command;
use crate::hub::name::RoomName;
use crate::hub::people::Request as PeopleRequest;
use crate::hub::people::metadata::{Of, Request};
use crate::hub::people::watch::Watch;

impl Answering<'_> {
    /// What the client said of itself before it was let in.
    pub(super) fn come_in(&mut self, registration: Option<Box<Registration>>) {
        let caps = self.session.caps;
        let mut registration = registration.map_or_else(Registration::default, |it| *it);
        if let Some(text) = registration.away.take() {
            let context = Context::Deed {
                verb: "AWAY",
                target: "1".into(),
            };
            self.ask_command(Command::Away(Some(text)), context);
        }
        if caps.has(Cap::ExtendedMonitor) {
            let request = PeopleRequest::Watch(Watch::Extend(true));
            self.ask_command(Command::People(request), Context::About(About::Monitor));
        }
        if !caps.has(Cap::Metadata2) && !caps.has(Cap::Metadata3) {
            return;
        }
        let quiet = |verb| Context::Deed {
            verb,
            target: "".into(),
        };
        for (key, value) in registration.metadata {
            let value = Some(value);
            let request = Request::Set {
                of: Of::Own,
                key,
                value,
            };
            self.ask_command(metadata_command(request), quiet("METADATA"));
        }
        if !registration.subscriptions.is_empty() {
            self.session.has_subscribed = true;
            let request = Request::Subscribe(registration.subscriptions);
            self.ask_command(metadata_command(request), quiet("METADATA"));
        }
        let context = Context::About(About::OwnMetadata);
        self.ask_command(metadata_command(Request::List(Of::Own)), context);
    }

    /// The metadata of a room and of who is in it, for a client that has subscribed to some.
    pub(super) fn sync_room(&mut self, room: &RoomName) {
        if self.session.has_subscribed {
            let request = Request::Sync(Of::Room(room.clone()));
            let context = Context::About(About::RoomMetadata);
            self.ask_command(metadata_command(request), context);
        }
    }
}

fn metadata_command(request: Request) -> Command {
    Command::People(PeopleRequest::Metadata(request))
}
