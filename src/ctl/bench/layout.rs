//! Who is who in a fan-out run. Clients are numbered: first the subscribers, the slow ones last among
//! them, then the publishers, then the two who write to each other. Subscribers and publishers take
//! turns in entering the rooms.

/// The numbers of a fan-out run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub publishers: u32,
    pub subscribers: u32,
    /// Subscribers that do not read.
    pub slow: u32,
    pub rooms: u32,
    /// Publishers are members of their room, and hear the others who speak there.
    pub members: bool,
    /// And themselves.
    pub echoes: bool,
}

impl Layout {
    /// Clients whose deliveries count, and the slow ones among them; their numbers are below this.
    #[must_use]
    pub fn listeners(&self) -> u32 {
        self.subscribers + if self.members { self.publishers } else { 0 }
    }

    /// The room of a client.
    #[must_use]
    pub fn room(&self, client: u32) -> u32 {
        client.checked_sub(self.subscribers).unwrap_or(client) % self.rooms
    }

    /// The client that is this publisher.
    #[must_use]
    pub fn client(&self, publisher: usize) -> usize {
        self.subscribers as usize + publisher
    }

    /// The publisher that is this client; `None` for other clients.
    #[must_use]
    pub fn publisher(&self, client: usize) -> Option<usize> {
        let publisher = client.checked_sub(self.subscribers as usize)?;
        (publisher < self.publishers as usize).then_some(publisher)
    }

    /// Whether a client does not read.
    #[must_use]
    pub fn is_slow(&self, client: u32) -> bool {
        (self.subscribers - self.slow..self.subscribers).contains(&client)
    }

    /// How many must hear each message in a room.
    #[must_use]
    pub fn copies(&self, room: u32) -> u32 {
        let share = |all: u32| all / self.rooms + u32::from(room < all % self.rooms);
        let publishers = if self.members {
            share(self.publishers) - u32::from(!self.echoes)
        } else {
            0
        };
        share(self.subscribers - self.slow) + publishers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout {
        publishers: 3,
        subscribers: 7,
        slow: 2,
        rooms: 2,
        members: true,
        echoes: true,
    };

    #[test]
    fn clients_take_turns_in_the_rooms() {
        let rooms: Vec<u32> = (0..LAYOUT.listeners()).map(|it| LAYOUT.room(it)).collect();
        assert_eq!(rooms, [0, 1, 0, 1, 0, 1, 0, 0, 1, 0]);
        let slow: Vec<u32> = (0..10).filter(|it| LAYOUT.is_slow(*it)).collect();
        assert_eq!(slow, [5, 6]);
    }

    #[test]
    fn who_must_hear_depends_on_who_is_a_member() {
        assert_eq!((LAYOUT.copies(0), LAYOUT.copies(1)), (3 + 2, 2 + 1));
        let irc = Layout {
            echoes: false,
            ..LAYOUT
        };
        assert_eq!((irc.copies(0), irc.copies(1)), (3 + 1, 2));
        let redis = Layout {
            members: false,
            ..irc
        };
        assert_eq!((redis.copies(0), redis.copies(1)), (3, 2));
    }
}
