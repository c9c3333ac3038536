//! What a user has switched on for themselves. That somebody is a server operator is no switch.

/// One switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum UserMode {
    /// Not found by who asks for everybody, and in no room that the asker is not in.
    Invisible,
    /// Hears what operators tell all who want to hear it.
    Wallops,
    /// No person, but a program.
    Bot,
}

/// Those that are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserModes(u8);

impl UserMode {
    pub const ALL: [Self; 3] = [Self::Invisible, Self::Wallops, Self::Bot];
}

impl UserModes {
    #[must_use]
    pub fn has(self, mode: UserMode) -> bool {
        self.0 & 1 << mode as u8 != 0
    }

    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn add(&mut self, mode: UserMode) {
        self.0 |= 1 << mode as u8;
    }

    pub fn remove(&mut self, mode: UserMode) {
        self.0 &= !(1 << mode as u8);
    }

    /// With `on` and without `off`.
    #[must_use]
    pub fn changed(self, on: Self, off: Self) -> Self {
        Self((self.0 | on.0) & !off.0)
    }

    /// Those that are not in `others`.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    pub fn iter(self) -> impl Iterator<Item = UserMode> {
        UserMode::ALL
            .into_iter()
            .filter(move |&mode| self.has(mode))
    }
}
