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

/// What IRC shows of a role: nothing, `+` or `@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Voiced,
    /// An owner too.
    Operator,
}

/// What somebody was given in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub role: Option<RoomRole>,
    /// An operator or owner may be voiced beside that, which they are left with when it is taken away.
    pub is_voiced: bool,
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
    /// To speak though one is muted there.
    SpeakMuted,
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
    /// To give a room another name.
    Rename,
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
    pub const ALL: [Self; 20] = [
        Self::SetTopic,
        Self::SetLockedTopic,
        Self::Invite,
        Self::InviteIntoClosed,
        Self::SpeakModerated,
        Self::SpeakMuted,
        Self::SpeakFast,
        Self::SeeMembers,
        Self::EnterAnyway,
        Self::Kick,
        Self::DeleteOthers,
        Self::Rule,
        Self::RuleAddresses,
        Self::Set,
        Self::Persist,
        Self::Rename,
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
            Self::SpeakModerated | Self::SpeakMuted | Self::SpeakFast => Role::Voiced,
            Self::SetLockedTopic
            | Self::InviteIntoClosed
            | Self::SeeMembers
            | Self::Kick
            | Self::DeleteOthers
            | Self::Rule
            | Self::Set
            | Self::GrantVoice => Role::Operator,
            Self::EnterAnyway
            | Self::Persist
            | Self::Rename
            | Self::GrantOperator
            | Self::GrantOwner => Role::Owner,
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
    /// operators cannot drive each other or their owner out. (Bans and mutes do not hold for them at all.) Owners
    /// may take ownership from each other, so they may kick each other too.
    #[must_use]
    pub fn may_take_out(self, other: Self) -> bool {
        self > other || self == Self::Owner && other == Self::Owner
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

impl Standing {
    /// Whether it shows.
    #[must_use]
    pub fn has(self, status: Status) -> bool {
        match status {
            Status::Operator => self.role >= Some(RoomRole::Operator),
            Status::Voiced => self.is_voiced || self.role == Some(RoomRole::Voiced),
        }
    }

    /// With the status or without it, and the other as it was. Whoever is made an operator is made an owner: on IRC all
    /// operators are each other's equals.
    #[must_use]
    pub fn with(self, status: Status, on: bool) -> Self {
        if self.has(status) == on {
            return self;
        }
        let voiced = |on: bool| on.then_some(RoomRole::Voiced);
        match (status, self.has(Status::Operator)) {
            (Status::Operator, _) if on => Self {
                role: Some(RoomRole::Owner),
                is_voiced: self.has(Status::Voiced),
            },
            (Status::Operator, _) => Self {
                role: voiced(self.is_voiced),
                is_voiced: false,
            },
            (Status::Voiced, true) => Self {
                is_voiced: on,
                ..self
            },
            (Status::Voiced, false) => Self {
                role: voiced(on),
                is_voiced: false,
            },
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
            (Action::SpeakMuted, "-++++"),
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
            (Action::Rename, "---++"),
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
    fn nobody_but_owners_acts_against_their_equals() {
        for (rank, role) in Role::ALL.into_iter().enumerate() {
            for (other_rank, other) in Role::ALL.into_iter().enumerate() {
                let are_owners = (role, other) == (Role::Owner, Role::Owner);
                assert_eq!(role.may_take_out(other), rank > other_rank || are_owners);
            }
        }
    }

    #[test]
    fn a_standing_has_a_status() {
        let standing = |role, is_voiced| Standing { role, is_voiced };
        for (standing, is_operator, is_voiced) in [
            (standing(None, false), false, false),
            (standing(Some(RoomRole::Voiced), false), false, true),
            (standing(Some(RoomRole::Operator), false), true, false),
            (standing(Some(RoomRole::Owner), true), true, true),
        ] {
            assert_eq!(standing.has(Status::Operator), is_operator);
            assert_eq!(standing.has(Status::Voiced), is_voiced);
            for status in [Status::Voiced, Status::Operator] {
                assert!(standing.with(status, true).has(status));
                assert!(!standing.with(status, false).has(status));
            }
        }
        let both = standing(Some(RoomRole::Voiced), false).with(Status::Operator, true);
        assert_eq!(both, standing(Some(RoomRole::Owner), true));
        let left = both.with(Status::Operator, false);
        assert_eq!(left, standing(Some(RoomRole::Voiced), false));
    }

    #[test]
    fn room_roles_are_found_by_name() {
        for role in [RoomRole::Voiced, RoomRole::Operator, RoomRole::Owner] {
            assert_eq!(RoomRole::parse(role.name()), Some(role));
        }
        assert_eq!(RoomRole::parse("member"), None);
    }
}
