//! What IRC shows of roles and lets people do with them: voice beside being an operator, messages to those who have a
//! status, messages from outside, masks of hosts, and lists of rules that people see of themselves.

use super::story::{Story, story};

#[test]
fn voice_is_kept_beside_being_an_operator() {
    story(
        r"
        > ana arrives
        > ben arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ana gives ben voice in #dev
          log: c1 made ben voiced in #dev
          ana, ben hear: ana made ben voiced in #dev
          ana gets: 0 sessions
        > ana gives ben operator in #dev
          log: c1 made ben owner in #dev
          ana, ben hear: ana made ben owner and voiced in #dev
          ana gets: 0 sessions
        > ana gives ana voice in #dev
          ana, ben hear: ana made ana owner and voiced in #dev
          ana gets: 0 sessions
        > ben looks around in #dev
          ben gets: sees #dev with [ana owner and voiced, ben owner and voiced]
        > ana takes ben operator in #dev
          log: c1 made ben voiced in #dev
          ana, ben hear: ana made ben voiced in #dev
          ana gets: 0 sessions
        > ana takes ben operator in #dev
          ana gets: 0 sessions
        > ana takes ana operator in #dev
          log: c1 made ana voiced in #dev
          ana, ben hear: ana made ana voiced in #dev
          ana gets: 0 sessions
        > ana gives ben operator in #dev
          ana gets: refused: not_permitted
    ",
    );
}

#[test]
fn a_status_is_for_who_is_in_the_room_and_taken_from_who_is_not() {
    story(
        r"
        > ana arrives
        > ben arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana gives ben operator in #dev
          ana gets: refused: user_not_in_room
        > ana gives cho operator in #dev
          ana gets: refused: no_such_user
        > ben gives cho operator in #dev
          ben gets: refused: not_permitted
        > ben takes ana operator in #dev
          ben gets: refused: not_permitted
        > ana makes ben voiced in #dev
          log: c1 made ben voiced in #dev
          ana hears: ana made ben voiced in #dev
          ana gets: 0 sessions
        > ana takes ben voice in #dev
          log: c1 made ben nobody in #dev
          ana hears: ana made ben nobody in #dev
          ana gets: 0 sessions
        > ana takes ben voice in #dev
          ana gets: refused: user_not_in_room
    ",
    );
}

#[test]
fn owners_may_take_each_other_out() {
    story(
        r"
        > ana arrives
        > ben arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ana gives ben operator in #dev
          log: c1 made ben owner in #dev
          ana, ben hear: ana made ben owner in #dev
          ana gets: 0 sessions
        > ben kicks ana out of #dev
          log: c2 kicked ana from #dev
          ana, ben hear: ben took ana out of #dev
          ben gets: 1 sessions
    ",
    );
}

#[test]
fn a_message_to_a_status_is_for_those_who_have_it_and_is_not_kept() {
    let mut story = Story::kept();
    for who in ["ana", "ben", "cho", "dee"] {
        story.play_muted(&format!("{who} arrives"));
        story.play_muted(&format!("{who} joins #dev"));
    }
    story.play(
        r"
        > ana gives ben voice in #dev
          log: c1 made ben voiced in #dev
          ana, ben, cho, dee hear: ana made ben voiced in #dev
          ana gets: 0 sessions
        > cho says to @#dev: help
          ana, cho hear: cho to Operator in #dev: help
          cho gets: ack
        > ana says to +#dev: look
          ana, ben hear: ana to Voiced in #dev: look
          ana gets: ack
        > ana tags +#dev with +typing=active
          ana, ben hear: ana tags to Voiced in #dev: +typing=active
          ana gets: ack
        > ana ignores cho
          ana gets: done
        > cho says to @#dev: help
          cho hears: cho to Operator in #dev: help
          cho gets: ack
        > dee leaves #dev
          ana, ben, cho, dee hear: dee left #dev
          dee gets: done
        > dee says to @#dev: help
          dee gets: refused: not_in_room
        > ana reads #dev
          ana gets: history of #dev: []
    ",
    );
}

#[test]
fn a_room_may_be_open_to_messages_from_outside() {
    let mut story = Story::kept();
    for who in ["ana", "ben"] {
        story.play_muted(&format!("{who} arrives"));
    }
    story.play_muted("ana joins #dev");
    story.play(
        r"
        > ben says to #dev: hello
          ben gets: refused: not_in_room
        > ana sets external-messages of #dev to on
          log: c1 set external-messages of #dev to on
          ana hears: ana set external-messages of #dev to on
          ana gets: 0 sessions
        > ben says to #dev: hello
          ana, ben hear: ben in #dev: hello
          ben gets: ack
        > ben tags #dev with +typing=active
          ana, ben hear: ben tags in #dev: +typing=active
          ben gets: ack
        > ana shuts-out ben in #dev
          log: c1 began ban of ben in #dev
          ana hears: ana began ban of ben in #dev
          ana gets: 0 sessions
        > ben says to #dev: hello
          ben gets: refused: banned_from_room
        > ana ends the ban of ben in #dev
          log: c1 ended ban of ben in #dev
          ana hears: ana ended ban of ben in #dev
          ana gets: 0 sessions
        > ana sets secret of #dev to on
          log: c1 set secret of #dev to on
          ana hears: ana set secret of #dev to on
          ana gets: 0 sessions
        > ben says to #dev: hello
          ben gets: refused: no_such_room
        > ana sets secret of #dev to off
          log: c1 set secret of #dev to off
          ana hears: ana set secret of #dev to off
          ana gets: 0 sessions
        > ana sets invite-only of #dev to on
          log: c1 set invite-only of #dev to on
          ana hears: ana set invite-only of #dev to on
          ana gets: 0 sessions
        > ben says to #dev: hello
          ben gets: refused: not_in_room
        > ana reads #dev
          ana gets: history of #dev: [ben: hello]
    ",
    );
}

#[test]
fn what_is_said_into_a_room_where_nobody_is_is_kept_for_who_comes() {
    let mut story = Story::kept();
    for before in [
        "ana arrives",
        "ben arrives",
        "ana joins #dev",
        "ana sets external-messages of #dev to on",
        "ana leaves #dev",
    ] {
        story.play_muted(before);
    }
    story.play(
        r"
        > ben says to #dev: hello
          ben hears: ben in #dev: hello
          ben gets: ack
        > ana reads #dev
          ana gets: history of #dev: [ben: hello]
    ",
    );
}

#[test]
fn a_room_may_be_without_messages_from_program_to_program() {
    let mut story = Story::with(|_| {});
    for who in ["ana", "ben"] {
        story.play_muted(&format!("{who} arrives"));
        story.play_muted(&format!("{who} joins #dev"));
    }
    let ping = |answer: &str| format!("> ben says to #dev: \u{1}PING 1\u{1}\n{answer}");
    story.play(&ping(
        "ana, ben hear: ben in #dev: \u{1}PING 1\u{1}\n ben gets: ack",
    ));
    story.play(
        r"
        > ana sets no-ctcp of #dev to on
          log: c1 set no-ctcp of #dev to on
          ana, ben hear: ana set no-ctcp of #dev to on
          ana gets: 0 sessions
    ",
    );
    story.play(&ping("ben gets: refused: no_ctcp"));
    story.play(
        r"
        > ben acts to #dev: waves
          ana, ben hear: ben in #dev: * waves
          ben gets: ack
    ",
    );
}

#[test]
fn voice_lets_speak_who_is_muted() {
    story(
        r"
        > ana arrives
        > ben arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ana mutes ben!*@* in #dev
          log: c1 began mute of ben in #dev
          ana, ben hear: ana began mute of ben in #dev
          ana gets: 0 sessions
        > ben says to #dev: hello
          ben gets: refused: muted
        > ben becomes bert
          ben gets: refused: muted
        > ana gives ben voice in #dev
          log: c1 made ben voiced in #dev
          ana, ben hear: ana made ben voiced in #dev
          ana gets: 0 sessions
        > ben says to #dev: hello
          ana, ben hear: ben in #dev: hello
          ben gets: ack
    ",
    );
}

#[test]
fn a_host_mask_finds_people_as_irc_shows_them() {
    let mut story = Story::with(|_| {});
    story.play(
        r"
        > ana arrives
        > ben arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana bans *!*@* in #dev
          log: c1 began ban of *!*@* in #dev
          ana hears: ana began ban of *!*@* in #dev
          ana gets: 0 sessions
        > ben joins #dev
          ben gets: refused: banned_from_room
        > ana exempts be?!~u@LOCAL in #dev
          log: c1 began exempt of be?!~u@local in #dev
          ana hears: ana began exempt of be?!~u@local in #dev
          ana gets: 0 sessions
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > operator bans *!*@*
          operator gets: refused: bad_subject
    ",
    );
}

#[test]
fn people_see_the_rules_about_them_and_who_keeps_order_sees_all() {
    let mut story = Story::with(|_| {});
    for who in ["ana", "ben", "cho"] {
        story.play_muted(&format!("{who} arrives"));
        story.play_muted(&format!("{who} joins #dev"));
    }
    for rule in [
        "ana mutes ben in #dev",
        "ana shuts-out c* in #dev",
        "operator exempts 10.0.0.0/8 in #dev",
    ] {
        story.play_muted(rule);
    }
    story.play(
        r"
        > ana looks for rules of #dev
          ana gets: rules of #dev [ban of c* in #dev, mute of ben in #dev]
        > ben looks for rules of #dev
          ben gets: rules of #dev [mute of ben in #dev]
        > cho looks for rules of #dev
          cho gets: rules of #dev [ban of c* in #dev]
    ",
    );
}

#[test]
fn the_invited_find_where_they_may_come_in() {
    let mut story = Story::with(|_| {});
    for who in ["ana", "ben", "cho"] {
        story.play_muted(&format!("{who} arrives"));
    }
    for who in ["ana", "ben"] {
        story.play_muted(&format!("{who} joins #dev"));
    }
    story.play(
        r"
        > ben invites cho into #dev
          cho hears: ben invites into #dev
          ben gets: done
        > cho looks for invitations
          cho gets: sees []
        > ana invites cho into #dev
          cho hears: ana invites into #dev
          ana gets: done
        > cho looks for invitations
          cho gets: sees [#dev]
        > cho joins #dev
          cho gets: in #dev with 3
          ana, ben, cho hear: cho joined #dev
        > cho looks for invitations
          cho gets: sees []
    ",
    );
}
