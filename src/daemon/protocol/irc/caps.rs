//! The capabilities that a client may ask for, and which of them change what it sees of things that others see
//! too. One table; what each means stands where it is used.

use super::sasl::mechanisms;
use super::{Facts, Look};
use crate::hub::account::Registration;

/// A set of capabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps(u64);

macro_rules! caps {
    ($($name:ident = $text:literal),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Cap { $($name),+ }

        impl Cap {
            pub(super) const ALL: &[Self] = &[$(Self::$name),+];

            /// As clients call it.
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

caps! {
    AccountNotify = "account-notify",
    AccountRegistration = "draft/account-registration",
    AccountTag = "account-tag",
    AwayNotify = "away-notify",
    Batch = "batch",
    CapNotify = "cap-notify",
    ChgHost = "chghost",
    EchoMessage = "echo-message",
    ExtendedJoin = "extended-join",
    ExtendedMonitor = "extended-monitor",
    InviteNotify = "invite-notify",
    LabeledResponse = "labeled-response",
    MessageTags = "message-tags",
    MultiPrefix = "multi-prefix",
    NoImplicitNames = "no-implicit-names",
    OldNoImplicitNames = "draft/no-implicit-names",
    Sasl = "sasl",
    ServerTime = "server-time",
    SetName = "setname",
    StandardReplies = "standard-replies",
    UserhostInNames = "userhost-in-names",
}

impl Cap {
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cap| cap.name() == name)
    }

    /// What `CAP LS 302` says behind the name.
    pub(super) fn value(self, facts: &Facts, has_certificate: bool) -> Option<String> {
        if self == Self::Sasl {
            return Some(mechanisms(has_certificate));
        }
        let is_early = self == Self::AccountRegistration && facts.settings.register_before_login;
        is_early.then(|| "before-connect".to_owned())
    }

    /// Whether it can be asked for now.
    pub(super) fn is_offered(self, facts: &Facts) -> bool {
        self != Self::AccountRegistration || facts.settings.registration == Registration::Open
    }

    fn bit(self) -> u64 {
        1 << self as u8
    }
}

impl Caps {
    /// Those by which the lines differ that many clients hear.
    const SHARED: Self = Self(
        1 << Cap::AccountNotify as u8
            | 1 << Cap::AccountTag as u8
            | 1 << Cap::AwayNotify as u8
            | 1 << Cap::ChgHost as u8
            | 1 << Cap::ExtendedJoin as u8
            | 1 << Cap::InviteNotify as u8
            | 1 << Cap::MessageTags as u8
            | 1 << Cap::ServerTime as u8
            | 1 << Cap::SetName as u8,
    );

    pub(super) fn has(self, cap: Cap) -> bool {
        self.0 & cap.bit() != 0
    }

    pub(super) fn set(&mut self, cap: Cap, on: bool) {
        if on {
            self.0 |= cap.bit();
        } else {
            self.0 &= !cap.bit();
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Cap> {
        Cap::ALL.iter().copied().filter(move |cap| self.has(*cap))
    }

    /// How events look to whoever has these.
    pub(super) fn look(self) -> Look {
        Look {
            caps: Self(self.0 & Self::SHARED.0),
        }
    }
}
