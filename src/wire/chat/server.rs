//! What the server sends.

use serde::{Deserialize, Serialize};

use super::told::{Kept, Limits, Re, RoleOf, Room, Rule, Setting, UnreadCount};
use super::{Kind, is_no, is_none_of_them, is_yes, is_zero, yes};

/// What the server sends: answers, which carry the request's `id` when it had one, and events,
/// which carry `msgid` and `time` (RFC 3339, UTC, milliseconds). Clients ignore types and fields that they do not
/// know. `S` is the text: a client reads into `String`s, the server writes from borrowed texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<S = String> {
    // Answers.
    Welcome {
        v: u32,
        server: S,
        /// The program and its version, `chatd 0.1.0`.
        software: S,
        /// One line for people; may be empty.
        motd: S,
        default_room: S,
        limits: Limits,
        features: Vec<S>,
    },
    Login {
        #[serde(flatten)]
        re: Re<S>,
        nick: S,
        /// Not there for a token that may not do all that its account may.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<S>,
        /// The account that this is a login to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<S>,
        /// Logins to it with a wrong password since the last good one.
        #[serde(default, skip_serializing_if = "is_zero")]
        failed_logins: u32,
        /// Whether the user was there already, so that nobody was told that they came.
        #[serde(default, skip_serializing_if = "is_no")]
        resumed: bool,
    },
    /// The user has an account of this name now.
    Registered {
        #[serde(flatten)]
        re: Re<S>,
        account: S,
    },
    Ack {
        #[serde(flatten)]
        re: Re<S>,
        msgid: S,
        time: S,
        /// False when it was said and heard, but could not be kept.
        #[serde(default = "yes", skip_serializing_if = "is_yes")]
        kept: bool,
    },
    /// A page of a conversation, by rising id.
    History {
        #[serde(flatten)]
        re: Re<S>,
        of: S,
        messages: Vec<Kept<S>>,
        /// Another object of this answer follows.
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
        /// There is more in the direction that was asked for: ask again from the last one.
        #[serde(default, skip_serializing_if = "is_no")]
        further: bool,
    },
    /// What a search found, by falling id.
    Found {
        #[serde(flatten)]
        re: Re<S>,
        messages: Vec<Kept<S>>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
        #[serde(default, skip_serializing_if = "is_no")]
        further: bool,
    },
    /// What was said and changed since the `since` of a `hello`, in all of the user's rooms and
    /// privately; comes before anything else that happens there.
    Missed {
        #[serde(flatten)]
        re: Re<S>,
        messages: Vec<Kept<S>>,
        /// Messages from before `since`, as they are now.
        changes: Vec<Kept<S>>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
        /// There was more after these: ask for `history` after the last one.
        #[serde(default, skip_serializing_if = "is_no")]
        further: bool,
    },
    Unread {
        #[serde(flatten)]
        re: Re<S>,
        conversations: Vec<UnreadCount<S>>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
    },
    Ok {
        #[serde(flatten)]
        re: Re<S>,
    },
    Joined {
        #[serde(flatten)]
        re: Re<S>,
        room: S,
        topic: Option<S>,
        members: usize,
    },
    RoomChat {
        #[serde(flatten)]
        re: Re<S>,
        on: bool,
    },
    /// Long lists come in several objects, all but the last with `more`. A list that is too long
    /// ends early; its last object says how many entries are `left_off`.
    Rooms {
        #[serde(flatten)]
        re: Re<S>,
        rooms: Vec<Room<S>>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
        #[serde(default, skip_serializing_if = "is_none_of_them")]
        left_off: usize,
    },
    Names {
        #[serde(flatten)]
        re: Re<S>,
        room: S,
        topic: Option<S>,
        nicks: Vec<S>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
        #[serde(default, skip_serializing_if = "is_none_of_them")]
        left_off: usize,
    },
    Users {
        #[serde(flatten)]
        re: Re<S>,
        nicks: Vec<S>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
        #[serde(default, skip_serializing_if = "is_none_of_them")]
        left_off: usize,
    },
    Ignores {
        #[serde(flatten)]
        re: Re<S>,
        nicks: Vec<S>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
        #[serde(default, skip_serializing_if = "is_none_of_them")]
        left_off: usize,
    },
    Whois {
        #[serde(flatten)]
        re: Re<S>,
        nick: S,
        /// Not there for a guest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<S>,
        rooms: Vec<S>,
        away: Option<S>,
        sessions: usize,
        since: S,
    },
    /// A moderator's request was carried out.
    Moderated {
        #[serde(flatten)]
        re: Re<S>,
        /// So many sessions were ended or taken out of the room.
        sessions: usize,
    },
    /// Which rules hold.
    Rules {
        #[serde(flatten)]
        re: Re<S>,
        rules: Vec<Rule<S>>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
        #[serde(default, skip_serializing_if = "is_none_of_them")]
        left_off: usize,
    },
    /// What is set about a room, and who has a role there.
    Room {
        #[serde(flatten)]
        re: Re<S>,
        room: S,
        topic: Option<S>,
        members: usize,
        /// By name; what is not there is `off`.
        settings: Vec<Setting<S>>,
        roles: Vec<RoleOf<S>>,
    },
    Pong {
        #[serde(flatten)]
        re: Re<S>,
    },
    Error {
        #[serde(flatten)]
        re: Re<S>,
        /// Stable; programs may rely on it.
        code: S,
        /// For people; may change.
        text: S,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    // From the server by itself.
    Ping,
    /// The last object before the server closes the connection.
    Bye {
        code: S,
        text: S,
    },
    // Events.
    Message {
        msgid: S,
        time: S,
        room: S,
        from: S,
        #[serde(default, skip_serializing_if = "Kind::is_text")]
        kind: Kind,
        text: S,
    },
    Private {
        msgid: S,
        time: S,
        from: S,
        to: S,
        #[serde(default, skip_serializing_if = "Kind::is_text")]
        kind: Kind,
        text: S,
    },
    /// An earlier message has another text. `room`, or `to` for a private one.
    Edited {
        msgid: S,
        time: S,
        /// The message's id.
        edits: S,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<S>,
        from: S,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<S>,
        text: S,
    },
    /// Somebody reacts to an earlier message, or takes that back. `room`, or `to` for a private one.
    Reaction {
        msgid: S,
        time: S,
        /// The message's id.
        reacts: S,
        /// What with, such as one emoji.
        reaction: S,
        /// Taken back.
        #[serde(default, skip_serializing_if = "is_no")]
        off: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<S>,
        from: S,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<S>,
    },
    /// An earlier message has no text any more. `from` is who took it away.
    Deleted {
        msgid: S,
        time: S,
        /// The message's id.
        deletes: S,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<S>,
        from: S,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<S>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<S>,
    },
    /// This user has read `of` up to here, in one of their sessions.
    Read {
        msgid: S,
        time: S,
        of: S,
        upto: S,
    },
    Join {
        msgid: S,
        time: S,
        room: S,
        nick: S,
    },
    Part {
        msgid: S,
        time: S,
        room: S,
        nick: S,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<S>,
    },
    Quit {
        msgid: S,
        time: S,
        nick: S,
        reason: S,
    },
    Nick {
        msgid: S,
        time: S,
        old: S,
        new: S,
    },
    Topic {
        msgid: S,
        time: S,
        room: S,
        by: Option<S>,
        text: S,
    },
    Away {
        msgid: S,
        time: S,
        nick: S,
        text: Option<S>,
    },
    /// A user was taken out of a room; `by` is missing for the admin socket, here and below.
    Kicked {
        msgid: S,
        time: S,
        room: S,
        nick: S,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<S>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<S>,
    },
    /// A user has another role in a room, or none.
    Role {
        msgid: S,
        time: S,
        room: S,
        nick: S,
        role: Option<S>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<S>,
    },
    /// Something is set about a room.
    RoomSet {
        msgid: S,
        time: S,
        room: S,
        setting: S,
        value: S,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<S>,
    },
    /// A room is called `to` from now on, and is the same in all else.
    RoomRenamed {
        msgid: S,
        time: S,
        room: S,
        to: S,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<S>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<S>,
    },
    /// A rule holds that this user may see or that is about them.
    RuleAdded {
        msgid: S,
        time: S,
        rule: Rule<S>,
    },
    RuleEnded {
        msgid: S,
        time: S,
        rule: Rule<S>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<S>,
    },
    /// This user may enter a room once.
    Invited {
        msgid: S,
        time: S,
        room: S,
        by: S,
    },
    Notice {
        msgid: S,
        time: S,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<S>,
        text: S,
    },
    /// A type that this client does not know, from a newer server. The server never sends it.
    #[serde(other)]
    Unknown,
}
