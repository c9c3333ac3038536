//! The capabilities that a client may ask for, and which of them change what it sees of things that others see
//! too. One table; what each means stands where it is used.

use super::multiline::LINES_MAX;
use super::sasl::mechanisms;
use super::{Facts, Look};
use crate::hub::account::Registration;
use crate::hub::people::metadata::{KEYS_MAX, SUBSCRIPTIONS_MAX, VALUE_BYTES_MAX};

/// A set of capabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps(u64);

macro_rules! caps {
    ($($name:ident = $text:literal),+ $(,)?) => {
        #[expect(clippy::enum_variant_names, reason = "one of them is called cap-notify")]
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
    ChannelRename = "draft/channel-rename",
    ChatHistory = "draft/chathistory",
    ChgHost = "chghost",
    EchoMessage = "echo-message",
    EventPlayback = "draft/event-playback",
    ExtendedIsupport = "draft/extended-isupport",
    ExtendedJoin = "extended-join",
    ExtendedMonitor = "extended-monitor",
    InviteNotify = "invite-notify",
    LabeledResponse = "labeled-response",
    MessageTags = "message-tags",
    MessageRedaction = "draft/message-redaction",
    Metadata2 = "draft/metadata-2",
    Metadata3 = "draft/metadata-3",
    MultiLine = "draft/multiline",
    MultiPrefix = "multi-prefix",
    NoImplicitNames = "no-implicit-names",
    OldNoImplicitNames = "draft/no-implicit-names",
    Persistence = "draft/persistence",
    PreAway = "draft/pre-away",
    ReadMarker = "draft/read-marker",
    Sasl = "sasl",
    Search = "soju.im/search",
    SelfMessage = "znc.in/self-message",
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
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most capabilities are nothing special"
    )]
    pub(super) fn value(self, facts: &Facts, has_certificate: bool) -> Option<String> {
        match self {
            Self::Sasl => Some(mechanisms(has_certificate)),
            Self::AccountRegistration => {
                let is_early = facts.settings.register_before_login;
                is_early.then(|| "before-connect".to_owned())
            }
            Self::Metadata2 | Self::Metadata3 => Some(format!(
                "before-connect,max-subs={SUBSCRIPTIONS_MAX},max-keys={KEYS_MAX},\
                 max-value-bytes={VALUE_BYTES_MAX}"
            )),
            Self::MultiLine => {
                let bytes = facts.settings.message_bytes;
                Some(format!("max-bytes={bytes},max-lines={LINES_MAX}"))
            }
            _ => None,
        }
    }

    /// Whether it can be asked for now.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most capabilities are nothing special"
    )]
    pub(super) fn is_offered(self, facts: &Facts) -> bool {
        match self {
            Self::ChatHistory
            | Self::EventPlayback
            | Self::MessageRedaction
            | Self::ReadMarker
            | Self::Search => facts.has_history,
            Self::AccountRegistration => facts.settings.registration == Registration::Open,
            _ => true,
        }
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
            | 1 << Cap::ChannelRename as u8
            | 1 << Cap::ChgHost as u8
            | 1 << Cap::ExtendedJoin as u8
            | 1 << Cap::InviteNotify as u8
            | 1 << Cap::MessageRedaction as u8
            | 1 << Cap::MessageTags as u8
            | 1 << Cap::Metadata2 as u8
            | 1 << Cap::Metadata3 as u8
            | 1 << Cap::MultiLine as u8
            | 1 << Cap::ReadMarker as u8
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
        let mut caps = Self(self.0 & Self::SHARED.0);
        if !self.has(Cap::Batch) {
            caps.set(Cap::MultiLine, false);
        }
        Look { caps }
    }
}
