//! What is set about rooms: each setting, whom it lets through and whom it refuses, and who is told.

use super::story::{Story, story};

#[test]
fn settings_are_for_operators_and_everybody_is_told_but_not_the_secret_values() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben arrives
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ben sets moderated of #dev to on
          ben gets: refused: not_permitted
        > ana sets slow-mode of #dev to 30
          log: c1 set slow-mode of #dev to 30
          ana, ben hear: ana set slow-mode of #dev to 30
          ana gets: 0 sessions
        > ana sets slow-mode of #dev to 30
          ana gets: 0 sessions
        > ana sets key of #dev to sesame
          log: c1 set key of #dev to on
          ana, ben hear: ana set key of #dev to on
          ana gets: 0 sessions
        > ana sets words of #dev to darn,drat
          log: c1 set words of #dev to on
          ana, ben hear: ana set words of #dev to on
          ana gets: 0 sessions
        > ana sets key of #dev to off
          log: c1 set key of #dev to off
          ana, ben hear: ana set key of #dev to off
          ana gets: 0 sessions
        > ana sets key of #dev to again
          log: c1 set key of #dev to on
          ana, ben hear: ana set key of #dev to on
          ana gets: 0 sessions
        > ana looks at #dev
          ana gets: #dev is set [key again, slow-mode 30, words darn,drat] with [ana owner]
        > ben looks at #dev
          ben gets: #dev is set [slow-mode 30] with [ana owner]
        > operator looks at #dev
          operator gets: #dev is set [key again, slow-mode 30, words darn,drat] with [ana owner]
        > operator sets moderated of #dev to on
          log: an operator set moderated of #dev to on
          ana, ben hear: an operator set moderated of #dev to on
          operator gets: 0 sessions
        > operator sets moderated of #nowhere to on
          operator gets: refused: no_such_room
    ",
    );
}

#[test]
fn invite_only_lets_in_who_has_a_role_or_is_invited() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben arrives
        > cleo arrives
        > ana makes ben voiced in #dev
          log: c1 made ben voiced in #dev
          ana hears: ana made ben voiced in #dev
          ana gets: 0 sessions
        > ana sets invite-only of #dev to on
          log: c1 set invite-only of #dev to on
          ana hears: ana set invite-only of #dev to on
          ana gets: 0 sessions
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > cleo joins #dev
          cleo gets: refused: invite_only
        > ana sets invite-only of #dev to off
          log: c1 set invite-only of #dev to off
          ana, ben hear: ana set invite-only of #dev to off
          ana gets: 0 sessions
        > cleo joins #dev
          cleo gets: in #dev with 3
          ana, ben, cleo hear: cleo joined #dev
    ",
    );
}

#[test]
fn a_key_is_asked_of_all_but_owners_and_the_invited() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben arrives
        > cleo arrives
        > ana makes ben operator in #dev
          log: c1 made ben operator in #dev
          ana hears: ana made ben operator in #dev
          ana gets: 0 sessions
        > ana sets key of #dev to sesame
          log: c1 set key of #dev to on
          ana hears: ana set key of #dev to on
          ana gets: 0 sessions
        > cleo joins #dev
          cleo gets: refused: bad_room_key
        > cleo joins #dev with Sesame
          cleo gets: refused: bad_room_key
        > cleo joins #dev with sesame
          cleo gets: in #dev with 2
          ana, cleo hear: cleo joined #dev
        > ben joins #dev
          ben gets: refused: bad_room_key
        > ana leaves #dev
          ana, cleo hear: ana left #dev
          ana gets: done
        > ana joins #dev
          ana gets: in #dev with 2
          ana, cleo hear: ana joined #dev
        > ana joins #lobby with anything
          ana gets: refused: already_in_room
    ",
    );
}

#[test]
fn in_a_moderated_room_the_voiced_speak() {
    let mut story = Story::kept();
    story.play(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben arrives
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ben says to #dev: before
          ana, ben hear: ben in #dev: before
          ben gets: ack
        > ana sets moderated of #dev to on
          log: c1 set moderated of #dev to on
          ana, ben hear: ana set moderated of #dev to on
          ana gets: 0 sessions
        > ben says to #dev: hello
          ben gets: refused: room_moderated
        > ben edits 1: otherwise
          ben gets: refused: room_moderated
        > ben sets the topic of #dev: mine
          ben gets: refused: room_moderated
        > ben leaves #dev: a last word
          ana, ben hear: ben left #dev
          ben gets: done
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ana makes ben voiced in #dev
          log: c1 made ben voiced in #dev
          ana, ben hear: ana made ben voiced in #dev
          ana gets: 0 sessions
        > ben says to #dev: hello
          ana, ben hear: ben in #dev: hello
          ben gets: ack
        > ana says to #dev: hello
          ana, ben hear: ana in #dev: hello
          ana gets: ack
        > ana makes ben nobody in #dev
          log: c1 made ben nobody in #dev
          ana, ben hear: ana made ben nobody in #dev
          ana gets: 0 sessions
        > ben quits: a last word
          ana hears: ben quit: good-bye
          ben is closed: good-bye
    ",
    );
}

#[test]
fn who_is_not_in_a_secret_room_does_not_find_it() {
    let mut story = Story::kept();
    story.play(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana says to #dev: hidden words
          ana hears: ana in #dev: hidden words
          ana gets: ack
        > ana sets secret of #dev to on
          log: c1 set secret of #dev to on
          ana hears: ana set secret of #dev to on
          ana gets: 0 sessions
        > ben arrives
        > ben asks for rooms
          ben gets: rooms [#lobby 2]
        > ben asks for names in #dev
          ben gets: refused: no_such_room
        > ben asks about ana
          ben gets: ana is in [#lobby] with 1 sessions
        > ben reads #dev
          ben gets: refused: no_such_room
        > ben looks for: hidden
          ben gets: found []
        > ben looks in #dev for: hidden
          ben gets: refused: no_such_room
        > ben looks in #nowhere for: hidden
          ben gets: refused: no_such_room
        > ben looks at #dev
          ben gets: refused: no_such_room
        > ben leaves #dev
          ben gets: refused: no_such_room
        > ben says to #dev: knock
          ben gets: refused: no_such_room
        > ben sets the topic of #dev: knock
          ben gets: refused: no_such_room
        > ben invites ana into #dev
          ben gets: refused: no_such_room
        > ben bans ana in #dev
          ben gets: refused: no_such_room
        > ana asks for rooms
          ana gets: rooms [#dev 1, #lobby 2]
        > ana asks about ana
          ana gets: ana is in [#dev, #lobby] with 1 sessions
        > ana leaves #dev
          ana hears: ana left #dev
          ana gets: done
        > ana asks for rooms
          ana gets: rooms [#dev 0, #lobby 2]
        > ana looks for: hidden
          ana gets: found [ana: hidden words]
        > ben joins #dev
          ben gets: in #dev with 1
          ben hears: ben joined #dev
        > ben asks for names in #dev
          ben gets: names in #dev: [ben]
        > ben reads #dev
          ben gets: history of #dev: [ana: hidden words]
        > ben leaves #dev
          ben hears: ben left #dev
          ben gets: done
        > ben reads #dev
          ben gets: refused: no_such_room
    ",
    );
}

#[test]
fn a_locked_topic_is_for_operators() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben arrives
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ben sets the topic of #dev: tools
          ana, ben hear: ben set the topic of #dev: tools
          ben gets: done
        > ana sets topic-locked of #dev to on
          log: c1 set topic-locked of #dev to on
          ana, ben hear: ana set topic-locked of #dev to on
          ana gets: 0 sessions
        > ben sets the topic of #dev: mine
          ben gets: refused: not_permitted
        > ben sets the topic of #dev
          ben gets: refused: not_permitted
        > ana sets the topic of #dev: ours
          ana, ben hear: ana set the topic of #dev: ours
          ana gets: done
    ",
    );
}

#[test]
fn a_room_has_as_many_members_as_it_may() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben arrives
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ana sets members-max of #dev to 1
          log: c1 set members-max of #dev to 1
          ana, ben hear: ana set members-max of #dev to 1
          ana gets: 0 sessions
        > cleo arrives
        > cleo joins #dev
          cleo gets: refused: room_full
        > ben leaves #dev
          ana, ben hear: ben left #dev
          ben gets: done
        > cleo joins #dev
          cleo gets: refused: room_full
        > ana leaves #dev
          ana hears: ana left #dev
          ana gets: done
        > cleo joins #dev
          cleo gets: in #dev with 1
          cleo hears: cleo joined #dev
        > ana joins #dev
          ana gets: in #dev with 2
          ana, cleo hear: ana joined #dev
    ",
    );
}

#[test]
fn slow_mode_makes_members_wait_but_not_the_voiced() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben arrives
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ana sets slow-mode of #dev to 10
          log: c1 set slow-mode of #dev to 10
          ana, ben hear: ana set slow-mode of #dev to 10
          ana gets: 0 sessions
        > ben says to #dev: one
          ana, ben hear: ben in #dev: one
          ben gets: ack
        > ben says to #dev: two
          ben gets: refused: slow_mode for 10000 ms
        > ben says to #lobby: elsewhere
          ana, ben hear: ben in #lobby: elsewhere
          ben gets: ack
        > 9999ms pass
        > ben says to #dev: two
          ben gets: refused: slow_mode for 1 ms
        > 1ms pass
        > ben says to #dev: two
          ana, ben hear: ben in #dev: two
          ben gets: ack
        > ben leaves #dev
          ana, ben hear: ben left #dev
          ben gets: done
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ben says to #dev: three
          ben gets: refused: slow_mode for 10000 ms
        > ana says to #dev: one
          ana, ben hear: ana in #dev: one
          ana gets: ack
        > ana says to #dev: two
          ana, ben hear: ana in #dev: two
          ana gets: ack
        > ana sets slow-mode of #dev to off
          log: c1 set slow-mode of #dev to off
          ana, ben hear: ana set slow-mode of #dev to off
          ana gets: 0 sessions
        > ben says to #dev: three
          ana, ben hear: ben in #dev: three
          ben gets: ack
    ",
    );
}

#[test]
fn reactions_wait_in_slow_mode_and_typing_does_not() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben arrives
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ana sets slow-mode of #dev to 10
          log: c1 set slow-mode of #dev to 10
          ana, ben hear: ana set slow-mode of #dev to 10
          ana gets: 0 sessions
        > ben tags #dev with +draft/react=:);+draft/reply=x
          ana, ben hear: ben tags in #dev: +draft/react=:);+draft/reply=x
          ben gets: ack
        > ben tags #dev with +draft/react=:(;+draft/reply=x
          ben gets: refused: slow_mode for 10000 ms
        > ben says to #dev: one
          ben gets: refused: slow_mode for 10000 ms
        > ben tags #dev with +typing=active
          ana, ben hear: ben tags in #dev: +typing=active
          ben gets: ack
        > 10s pass
        > ben says to #dev: one
          ana, ben hear: ben in #dev: one
          ben gets: ack
    ",
    );
}

#[test]
fn hidden_members_are_seen_by_operators() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben arrives
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > cleo arrives
        > cleo joins #dev
          cleo gets: in #dev with 3
          ana, ben, cleo hear: cleo joined #dev
        > ana sets members-hidden of #dev to on
          log: c1 set members-hidden of #dev to on
          ana, ben, cleo hear: ana set members-hidden of #dev to on
          ana gets: 0 sessions
        > ben asks for names in #dev
          ben gets: names in #dev: [ana, ben]
        > ana asks for names in #dev
          ana gets: names in #dev: [ana, ben, cleo]
        > ben asks about cleo
          ben gets: cleo is in [#lobby] with 1 sessions
        > ben asks about ben
          ben gets: ben is in [#dev, #lobby] with 1 sessions
        > ana asks about cleo
          ana gets: cleo is in [#dev, #lobby] with 1 sessions
    ",
    );
}

#[test]
fn a_room_for_the_registered_is_for_accounts() {
    story(
        r"
        > operator makes account cleo: correct horse
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana sets registered-only of #dev to on
          log: c1 set registered-only of #dev to on
          ana hears: ana set registered-only of #dev to on
          ana gets: 0 sessions
        > ben arrives
        > ben joins #dev
          ben gets: refused: room_for_registered
        > ana invites ben into #dev
          ben hears: ana invites into #dev
          ana gets: done
        > ben joins #dev
          ben gets: refused: room_for_registered
        > cleo connects
        > cleo logs in to cleo: correct horse
          log: c3 is cleo, session 1
          cleo gets: logged in as cleo to cleo with 0 failed
          cleo gets unasked: in #lobby with 3
          ana, ben, cleo hear: cleo joined #lobby
        > cleo joins #dev
          cleo gets: in #dev with 2
          ana, cleo hear: cleo joined #dev
        > ana leaves #dev
          ana, cleo hear: ana left #dev
          ana gets: done
        > ana joins #dev
          ana gets: in #dev with 2
          ana, cleo hear: ana joined #dev
    ",
    );
}

#[test]
fn a_persistent_room_stays_and_needs_an_account() {
    story(
        r"
        > operator makes account cleo: correct horse
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana sets persistent of #dev to on
          ana gets: refused: account_required
        > cleo connects
        > cleo logs in to cleo: correct horse
          log: c2 is cleo, session 1
          cleo gets: logged in as cleo to cleo with 0 failed
          cleo gets unasked: in #lobby with 2
          ana, cleo hear: cleo joined #lobby
        > cleo joins #ops
          log: #ops opened
          cleo gets: in #ops with 1
          cleo hears: cleo joined #ops
        > ana joins #ops
          ana gets: in #ops with 2
          ana, cleo hear: ana joined #ops
        > cleo makes ana operator in #ops
          log: c2 made ana operator in #ops
          ana, cleo hear: cleo made ana operator in #ops
          cleo gets: 0 sessions
        > ana sets persistent of #ops to on
          ana gets: refused: not_permitted
        > cleo makes ana nobody in #ops
          log: c2 made ana nobody in #ops
          ana, cleo hear: cleo made ana nobody in #ops
          cleo gets: 0 sessions
        > cleo sets persistent of #ops to on
          log: c2 set persistent of #ops to on
          ana, cleo hear: cleo set persistent of #ops to on
          cleo gets: 0 sessions
        > cleo leaves #ops
          ana, cleo hear: cleo left #ops
          cleo gets: done
        > ana leaves #ops
          ana hears: ana left #ops
          ana gets: done
        > the daemon starts anew
        > operator looks at #ops
          operator gets: #ops is set [persistent on] with [cleo owner]
        > operator sets persistent of #ops to off
          log: an operator set persistent of #ops to off
          log: #ops closed
          operator gets: 0 sessions
        > operator looks at #ops
          operator gets: refused: no_such_room
    ",
    );
}

#[test]
fn a_throttle_spreads_a_crowd() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana sets join-throttle of #dev to 2/10
          log: c1 set join-throttle of #dev to 2/10
          ana hears: ana set join-throttle of #dev to 2/10
          ana gets: 0 sessions
        > ben arrives
        > cleo arrives
        > dora arrives
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > cleo joins #dev
          cleo gets: in #dev with 3
          ana, ben, cleo hear: cleo joined #dev
        > dora joins #dev
          dora gets: refused: joins_throttled for 5000 ms
        > 4999ms pass
        > dora joins #dev
          dora gets: refused: joins_throttled for 1 ms
        > 1ms pass
        > dora joins #dev
          dora gets: in #dev with 4
          ana, ben, cleo, dora hear: dora joined #dev
        > ana leaves #dev
          ana, ben, cleo, dora hear: ana left #dev
          ana gets: done
        > ana joins #dev
          ana gets: in #dev with 4
          ana, ben, cleo, dora hear: ana joined #dev
    ",
    );
}

#[test]
fn words_that_a_room_or_the_server_does_not_want_are_not_said() {
    let mut story = Story::with(|settings| {
        settings.blocked_words = vec!["rude".into()];
    });
    story.engine.keep();
    story.play(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana sets words of #dev to darn*
          log: c1 set words of #dev to on
          ana hears: ana set words of #dev to on
          ana gets: 0 sessions
        > ana says to #dev: Darned thing
          ana gets: refused: blocked_word
        > ana says to #lobby: Darned thing
          ana hears: ana in #lobby: Darned thing
          ana gets: ack
        > ana says to #dev: how rude
          ana gets: refused: blocked_word
        > ana says to ana: how RUDE
          ana gets: refused: blocked_word
        > ana sets the topic of #dev: darn
          ana gets: refused: blocked_word
        > ana edits 1: how rude
          ana gets: refused: blocked_word
        > ana goes away: how rude
          ana gets: refused: blocked_word
        > ana leaves #dev: darn it
          ana hears: ana left #dev
          ana gets: done
        > ana quits: how rude
          ana is closed: good-bye
    ",
    );
}

#[test]
fn the_history_of_a_closed_room_is_for_who_could_hear_it() {
    let mut story = Story::kept();
    story.play(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana says to #dev: first words
          ana hears: ana in #dev: first words
          ana gets: ack
        > ben arrives
        > ben reads #dev
          ben gets: history of #dev: [ana: first words]
        > ben looks for: words
          ben gets: found [ana: first words]
        > ana sets key of #dev to sesame
          log: c1 set key of #dev to on
          ana hears: ana set key of #dev to on
          ana gets: 0 sessions
        > ben reads #dev
          ben gets: refused: not_in_room
        > ben looks for: words
          ben gets: found []
        > ana makes ben voiced in #dev
          log: c1 made ben voiced in #dev
          ana hears: ana made ben voiced in #dev
          ana gets: 0 sessions
        > ben reads #dev
          ben gets: history of #dev: [ana: first words]
        > ana bans ben in #dev
          log: c1 began ban of ben in #dev
          ana hears: ana began ban of ben in #dev
          ana gets: 0 sessions
        > ben reads #dev
          ben gets: refused: not_in_room
        > ben looks for: words
          ben gets: found []
        > ana sets key of #dev to off
          log: c1 set key of #dev to off
          ana hears: ana set key of #dev to off
          ana gets: 0 sessions
        > ben reads #dev
          ben gets: refused: not_in_room
        > ana ends the ban of ben in #dev
          log: c1 ended ban of ben in #dev
          ana hears: ana ended ban of ben in #dev
          ana gets: 0 sessions
        > ben reads #dev
          ben gets: history of #dev: [ana: first words]
    ",
    );
}

#[test]
fn what_is_closed_or_forbidden_while_the_store_looks_is_not_told() {
    let mut story = Story::kept();
    story.play(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana says to #dev: first words
          ana hears: ana in #dev: first words
          ana gets: ack
        > ben arrives
        > the store takes its time
        > ben reads #dev
        > ben looks for: words
        > ana sets secret of #dev to on
          log: c1 set secret of #dev to on
          ana hears: ana set secret of #dev to on
          ana gets: 0 sessions
        > the store answers
          ben gets: refused: no_such_room
          ben gets: found []
    ",
    );
}

#[test]
fn what_is_set_about_a_room_outlives_its_members_and_the_daemon() {
    let mut story = Story::kept();
    story.play(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana sets the topic of #dev: tools
          ana hears: ana set the topic of #dev: tools
          ana gets: done
        > ana sets words of #dev to darn
          log: c1 set words of #dev to on
          ana hears: ana set words of #dev to on
          ana gets: 0 sessions
        > ana sets join-throttle of #dev to 5/60
          log: c1 set join-throttle of #dev to 5/60
          ana hears: ana set join-throttle of #dev to 5/60
          ana gets: 0 sessions
        > ana sets members-max of #dev to 20
          log: c1 set members-max of #dev to 20
          ana hears: ana set members-max of #dev to 20
          ana gets: 0 sessions
        > ana quits
          ana is closed: good-bye
        > the daemon starts anew
        > operator looks at #dev
          operator gets: #dev is set [join-throttle 5/60, members-max 20, words darn] with [ana owner]
        > ben arrives
        > ben joins #dev
          ben gets: in #dev with 1 (tools)
          ben hears: ben joined #dev
        > operator sets words of #dev to off
          log: an operator set words of #dev to off
          ben hears: an operator set words of #dev to off
          operator gets: 0 sessions
        > operator sets join-throttle of #dev to off
          log: an operator set join-throttle of #dev to off
          ben hears: an operator set join-throttle of #dev to off
          operator gets: 0 sessions
        > operator sets members-max of #dev to off
          log: an operator set members-max of #dev to off
          ben hears: an operator set members-max of #dev to off
          operator gets: 0 sessions
        > ben leaves #dev
          ben hears: ben left #dev
          ben gets: done
        > operator looks at #dev
          operator gets: #dev is set [] with [ana owner]
    ",
    );
}
