//! Who may what: one table of role and action, the only place where it is said. What else must be true (being
//! in the room, not being muted) is asked where it is decided, in `decide/`.

/// What somebody is, in one room or (the last) everywhere. Each may do all that those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Whoever is nothing else.
    Anyone,
    /// May speak where not everybody may.
    Voiced,
    /// Keeps order in the room.
    Operator,
    /// Decides what the room is. Whoever opens a room is its first owner.
    Owner,
    /// Keeps order everywhere: an account with that flag, or whoever has the admin socket.
    ServerOperator,
}

/// A role that belongs to one room and is given by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoomRole {
    Voiced,
    Operator,
    Owner,
}

/// What may be asked of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// To set the topic of a room that has not locked it.
    SetTopic,
    /// To set a locked one.
    SetLockedTopic,
    /// To invite into a room that everybody may enter.
    Invite,
    /// To invite into one that is only for the invited.
    InviteIntoClosed,
    /// To speak in a moderated room.
    SpeakModerated,
    /// To speak without waiting for slow mode.
    SpeakFast,
    /// To see who is in a room that hides it.
    SeeMembers,
    /// To enter whatever the room's settings say.
    EnterAnyway,
    Kick,
    /// To take away what others have said.
    DeleteOthers,
    /// To add, end and see a room's bans, mutes, exemptions and standing invitations of nicks and accounts;
    /// none of them holds for whoever may.
    Rule,
    /// The same of addresses. Nobody else is told where people come from, and whoever may ban addresses sees
    /// who goes.
    RuleAddresses,
    /// To change a room's settings.
    Set,
    /// To have a room kept though nobody is in it, or not any more.
    Persist,
    /// To make voiced, and to take that back.
    GrantVoice,
    /// The same of operators.
    GrantOperator,
    /// The same of owners.
    GrantOwner,
    /// To end sessions, and to add, end and see what holds for the whole server.
    RuleServer,
}

impl Action {
    /// All of them, for whoever goes through the table.
    pub const ALL: [Self; 18] = [
        Self::SetTopic,
        Self::SetLockedTopic,
        Self::Invite,
        Self::InviteIntoClosed,
        Self::SpeakModerated,
        Self::SpeakFast,
        Self::SeeMembers,
        Self::EnterAnyway,
        Self::Kick,
        Self::DeleteOthers,
        Self::Rule,
        Self::RuleAddresses,
        Self::Set,
        Self::Persist,
        Self::GrantVoice,
        Self::GrantOperator,
        Self::GrantOwner,
        Self::RuleServer,
    ];

    /// The least role that may.
    #[must_use]
    pub fn needs(self) -> Role {
        match self {
            Self::SetTopic | Self::Invite => Role::Anyone,
            Self::SpeakModerated | Self::SpeakFast => Role::Voiced,
            Self::SetLockedTopic
            | Self::InviteIntoClosed
            | Self::SeeMembers
            | Self::Kick
            | Self::DeleteOthers
            | Self::Rule
            | Self::Set
            | Self::GrantVoice => Role::Operator,
            Self::EnterAnyway | Self::Persist | Self::GrantOperator | Self::GrantOwner => {
                Role::Owner
            }
            Self::RuleAddresses | Self::RuleServer => Role::ServerOperator,
        }
    }
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 5] = [
        Self::Anyone,
        Self::Voiced,
        Self::Operator,
        Self::Owner,
        Self::ServerOperator,
    ];

    /// Whether this role may do it.
    #[must_use]
    pub fn may(self, action: Action) -> bool {
        self >= action.needs()
    }

    /// Whether somebody of this role may kick somebody of that one: only who stands above them, so that
    /// operators cannot drive each other or their owner out. (Bans and mutes do not hold for them at all.)
    #[must_use]
    pub fn is_above(self, other: Self) -> bool {
        self > other
    }

    /// As protocols and people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Anyone => "member",
            Self::Voiced => "voiced",
            Self::Operator => "operator",
            Self::Owner => "owner",
            Self::ServerOperator => "server operator",
        }
    }
}

impl RoomRole {
    /// As protocols and people call it, and the registry keeps it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Role::from(self).name()
    }

    /// From its [`name`](Self::name).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Voiced, Self::Operator, Self::Owner]
            .into_iter()
            .find(|role| role.name() == name)
    }

    /// What it takes to give it to somebody or to take it away.
    #[must_use]
    pub fn grant(self) -> Action {
        match self {
            Self::Voiced => Action::GrantVoice,
            Self::Operator => Action::GrantOperator,
            Self::Owner => Action::GrantOwner,
        }
    }
}

impl From<RoomRole> for Role {
    fn from(role: RoomRole) -> Self {
        match role {
            RoomRole::Voiced => Self::Voiced,
            RoomRole::Operator => Self::Operator,
            RoomRole::Owner => Self::Owner,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, written down a second time as people read it: `+` may, `-` may not, by role from
    /// the least.
    #[test]
    fn every_role_may_what_the_table_says() {
        let table = [
            (Action::SetTopic, "+++++"),
            (Action::Invite, "+++++"),
            (Action::SpeakModerated, "-++++"),
            (Action::SpeakFast, "-++++"),
            (Action::SetLockedTopic, "--+++"),
            (Action::InviteIntoClosed, "--+++"),
            (Action::SeeMembers, "--+++"),
            (Action::Kick, "--+++"),
            (Action::DeleteOthers, "--+++"),
            (Action::Rule, "--+++"),
            (Action::Set, "--+++"),
            (Action::GrantVoice, "--+++"),
            (Action::EnterAnyway, "---++"),
            (Action::Persist, "---++"),
            (Action::GrantOperator, "---++"),
            (Action::GrantOwner, "---++"),
            (Action::RuleAddresses, "----+"),
            (Action::RuleServer, "----+"),
        ];
        for action in Action::ALL {
            let rows = table.iter().filter(|(named, _)| *named == action);
            let rows: Vec<&str> = rows.map(|&(_, row)| row).collect();
            let [expected] = rows[..] else {
                panic!("{action:?} has {} rows", rows.len());
            };
            let sign = |role: Role| if role.may(action) { '+' } else { '-' };
            let found: String = Role::ALL.into_iter().map(sign).collect();
            assert_eq!(found, expected, "{action:?}");
        }
    }

    #[test]
    fn nobody_acts_against_their_equals() {
        for (rank, role) in Role::ALL.into_iter().enumerate() {
            for (other_rank, other) in Role::ALL.into_iter().enumerate() {
                assert_eq!(role.is_above(other), rank > other_rank);
            }
        }
    }

    #[test]
    fn room_roles_are_found_by_name() {
        for role in [RoomRole::Voiced, RoomRole::Operator, RoomRole::Owner] {
            assert_eq!(RoomRole::parse(role.name()), Some(role));
        }
        assert_eq!(RoomRole::parse("member"), None);
    }
}
