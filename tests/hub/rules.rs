//! Bans, mutes, exemptions and standing invitations: whom they stop, who is told, and when they end.

use chatd::hub::account::Registration;

use super::story::{Story, story};

#[test]
fn an_operator_of_a_room_bans_and_the_ban_ends_to_the_second() {
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
        > ana makes ben operator in #dev
          log: c1 made ben operator in #dev
          ana, ben, cleo hear: ana made ben operator in #dev
          ana gets: 0 sessions
        > ben bans cl* in #dev for 60s: rude
          log: c2 began ban of cl* in #dev (rude)
          ana, ben, cleo hear: ben began ban of cl* in #dev (rude)
          log: c2 kicked cleo from #dev
          ana, ben, cleo hear: ben took cleo out of #dev (rude)
          ben gets: 1 sessions
        > cleo joins #dev
          cleo gets: refused: banned_from_room
        > cleo says to #lobby: I am still here
          ana, ben, cleo hear: cleo in #lobby: I am still here
          cleo gets: ack
        > ana asks for rules of #dev
          ana gets: rules [ban of cl* in #dev (rude)]
        > 59999ms pass
        > cleo joins #dev
          cleo gets: refused: banned_from_room
        > 1ms pass
          log: time ended ban of cl* in #dev (rude)
          ana, ben hear: time ended ban of cl* in #dev (rude)
        > cleo joins #dev
          cleo gets: in #dev with 3
          ana, ben, cleo hear: cleo joined #dev
    ",
    );
}

#[test]
fn a_ban_without_an_end_is_ended_by_hand() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana bans ben in #dev
          log: c1 began ban of ben in #dev
          ana hears: ana began ban of ben in #dev
          ana gets: 0 sessions
        > ben arrives
        > 100000s pass
        > ben joins #dev
          ben gets: refused: banned_from_room
        > ben ends the ban of ben in #dev
          ben gets: refused: not_permitted
        > ana ends the ban of cleo in #dev
          ana gets: refused: no_such_rule
        > ana ends the mute of ben in #dev
          ana gets: refused: no_such_rule
        > ana ends the ban of BEN in #dev
          log: c1 ended ban of ben in #dev
          ana hears: ana ended ban of ben in #dev
          ana gets: 0 sessions
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
    ",
    );
}

#[test]
fn a_second_rule_about_the_same_takes_the_place_of_the_first() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben arrives
        > ana bans ben in #dev for 10s: rude
          log: c1 began ban of ben in #dev (rude)
          ana hears: ana began ban of ben in #dev (rude)
          ana gets: 0 sessions
        > ana bans Ben in #dev for 60s: very rude
          log: c1 began ban of ben in #dev (very rude)
          ana hears: ana began ban of ben in #dev (very rude)
          ana gets: 0 sessions
        > ana asks for rules of #dev
          ana gets: rules [ban of ben in #dev (very rude)]
        > 10s pass
        > ben joins #dev
          ben gets: refused: banned_from_room
        > ana bans ben in #dev
          log: c1 began ban of ben in #dev
          ana hears: ana began ban of ben in #dev
          ana gets: 0 sessions
        > 60s pass
        > ana asks for rules of #dev
          ana gets: rules [ban of ben in #dev]
    ",
    );
}

#[test]
fn a_ban_of_the_server_closes_all_sessions_and_the_place_that_is_kept() {
    let mut story = Story::kept();
    story.play(
        r"
        > ana arrives
        > ben connects from 10.0.0.7
        > ben logs in to stay as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
          ben gets unasked: in #lobby with 2
          ana, ben hear: ben joined #lobby
        > ben2 connects from 10.0.0.8
        > ben2 logs in as ben with the key of ben
          log: c3 is ben, session 2
          ben2 gets: logged in again as ben
          ben2 gets unasked: in #lobby with 2
        > ben2 quits
          ben2 is closed: good-bye
        > ben drops
          log: c2 ben keeps their place
        > operator bans ben for 30s: enough
          log: an operator began ban of ben everywhere (enough)
          log: ben did not come back
          ana hears: ben quit: banned (enough)
          operator gets: 0 sessions
        > ben3 connects from 10.0.0.9
        > ben3 comes back as ben with the key of ben
          ben3 gets: refused: banned
        > ben3 logs in as ben
          ben3 gets: refused: banned
        > ben3 logs in as benny
          log: c4 is benny, session 1
          ben3 gets: logged in as benny
          ben3 gets unasked: in #lobby with 2
          ana, ben3 hear: benny joined #lobby
        > ben3 becomes Ben
          ben3 gets: refused: banned
        > 30s pass
          log: time ended ban of ben everywhere (enough)
        > ben3 becomes Ben
          log: c4 benny is now Ben
          ana, ben3 hear: benny is now Ben
          ben3 gets: done
    ",
    );
}

#[test]
fn addresses_are_banned_at_the_door_unless_somebody_is_exempt() {
    story(
        r"
        > operator makes account ana: correct horse
        > ben connects from 10.1.2.3
        > ben logs in as ben
          log: c1 is ben, session 1
          ben gets: logged in as ben
          ben gets unasked: in #lobby with 1
          ben hears: ben joined #lobby
        > new connects from 10.1.9.9
        > cleo connects from 10.2.0.1
        > cleo logs in as cleo
          log: c3 is cleo, session 1
          cleo gets: logged in as cleo
          cleo gets unasked: in #lobby with 2
          ben, cleo hear: cleo joined #lobby
        > operator bans 10.1.0.0/16: too much noise
          log: an operator began ban of 10.1.0.0/16 everywhere (too much noise)
          ben hears: an operator began ban of 10.1.0.0/16 everywhere (too much noise)
          cleo hears: ben quit: banned (too much noise)
          ben is closed: banned (too much noise)
          new is closed: banned (too much noise)
          operator gets: 2 sessions
        > ben2 connects from 10.1.2.3
          ben2 is closed: banned (too much noise)
        > operator exempts account:ana
          log: an operator began exempt of account:ana everywhere
          operator gets: 0 sessions
        > ana connects from 10.1.2.3
        > ana logs in as anna
          ana gets: refused: banned
        > ana logs in to ana: correct horse
          log: c5 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 2
          ana, cleo hear: ana joined #lobby
        > late connects from 10.1.2.4
        > operator bans 10.1.0.0/16: still too much
          log: an operator began ban of 10.1.0.0/16 everywhere (still too much)
          ana hears: an operator began ban of 10.1.0.0/16 everywhere (still too much)
          operator gets: 0 sessions
        > late logs in as late
          late gets: refused: banned
        > operator asks for rules
          operator gets: rules [ban of 10.1.0.0/16 everywhere (still too much), exempt of account:ana everywhere]
        > operator ends the exempt of account:ana
          log: an operator ended exempt of account:ana everywhere
          ana hears: time ended exempt of account:ana everywhere
          operator gets: 0 sessions
        > ana2 connects from 10.1.2.3
          ana2 is closed: banned (still too much)
        > ana says to #lobby: who is here stays
          ana, cleo hear: ana in #lobby: who is here stays
          ana gets: ack
    ",
    );
}

#[test]
fn addresses_are_for_server_operators() {
    story(
        r"
        > operator makes account root: correct horse
        > operator makes root a server operator
        > root connects
        > root logs in to root: correct horse
          log: c1 is root, session 1
          root gets: logged in as root to root with 0 failed
          root gets unasked: in #lobby with 1
          root hears: root joined #lobby
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben connects from 10.1.2.3
        > ben logs in as ben
          log: c3 is ben, session 1
          ben gets: logged in as ben
          ben gets unasked: in #lobby with 3
          ana, ben, root hear: ben joined #lobby
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ana bans 10.1.2.3 in #dev
          ana gets: refused: not_permitted
        > ana mutes 10.0.0.0/8 in #dev
          ana gets: refused: not_permitted
        > root mutes 10.0.0.0/8 in #dev
          log: c1 began mute of 10.0.0.0/8 in #dev
          ben hears: root began mute of 10.0.0.0/8 in #dev
          root gets: 0 sessions
        > ana asks for rules of #dev
          ana gets: rules []
        > root asks for rules of #dev
          root gets: rules [mute of 10.0.0.0/8 in #dev]
        > ana ends the mute of 10.0.0.0/8 in #dev
          ana gets: refused: not_permitted
        > ben says to #dev: hello
          ben gets: refused: muted
        > root bans 10.1.0.0/16 in #dev
          log: c1 began ban of 10.1.0.0/16 in #dev
          ben hears: root began ban of 10.1.0.0/16 in #dev
          log: c1 kicked ben from #dev
          ana, ben hear: root took ben out of #dev
          root gets: 1 sessions
        > root ends the ban of 10.1.0.0/16 in #dev
          log: c1 ended ban of 10.1.0.0/16 in #dev
          root gets: 0 sessions
    ",
    );
}

#[test]
fn who_is_muted_is_heard_in_the_room_by_no_other_way() {
    story(
        r"
        > ana connects
        > ana logs in outside as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > cleo arrives
        > ben arrives
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ana mutes ben in #dev
          log: c1 began mute of ben in #dev
          ana, ben hear: ana began mute of ben in #dev
          ana gets: 0 sessions
        > ben goes away: you are all mad
          ben, cleo hear: ben is away: you are all mad
          ben gets: done
        > ben comes back
          ana, ben, cleo hear: ben is back
          ben gets: done
        > ben becomes benny
          ben gets: refused: muted
        > ben becomes BEN
          log: c3 ben is now BEN
          ana, ben, cleo hear: ben is now BEN
          ben gets: done
        > ben leaves #lobby
          ben, cleo hear: BEN left #lobby
          ben gets: done
        > ben goes away: still mad
          ben hears: BEN is away: still mad
          ben gets: done
        > ana ends the mute of ben in #dev
          log: c1 ended mute of ben in #dev
          ana, ben hear: ana ended mute of ben in #dev
          ana gets: 0 sessions
        > ben becomes benny
          log: c3 BEN is now benny
          ana, ben hear: BEN is now benny
          ben gets: done
        > operator mutes account:nobody
          log: an operator began mute of account:nobody everywhere
          operator gets: 0 sessions
        > operator mutes ben*
          log: an operator began mute of ben* everywhere
          ben hears: an operator began mute of ben* everywhere
          operator gets: 0 sessions
        > ben becomes benjamin
          log: c3 benny is now benjamin
          ana, ben hear: benny is now benjamin
          ben gets: done
        > ben becomes max
          ben gets: refused: muted
    ",
    );
}

#[test]
fn who_is_muted_in_a_room_speaks_elsewhere() {
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
        > ana mutes b?n in #dev for 10s: calm down
          log: c1 began mute of b?n in #dev (calm down)
          ana, ben hear: ana began mute of b?n in #dev (calm down)
          ana gets: 0 sessions
        > ben says to #dev: what
          ben gets: refused: muted
        > ben acts to #dev: shouts
          ben gets: refused: muted
        > ben sets the topic of #dev: shouting
          ben gets: refused: muted
        > ben says to #lobby: they muted me
          ana, ben hear: ben in #lobby: they muted me
          ben gets: ack
        > ben says to ana: why
          ana, ben hear: ben to ana: why
          ben gets: ack
        > ben leaves #dev: because of you
          ana, ben hear: ben left #dev
          ben gets: done
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > 10s pass
          log: time ended mute of b?n in #dev (calm down)
          ana, ben hear: time ended mute of b?n in #dev (calm down)
        > ben says to #dev: sorry
          ana, ben hear: ben in #dev: sorry
          ben gets: ack
    ",
    );
}

#[test]
fn who_is_muted_on_the_server_says_nothing_to_anybody() {
    story(
        r"
        > operator makes account root: correct horse
        > operator makes root a server operator
        > root connects
        > root logs in to root: correct horse
          log: c1 is root, session 1
          root gets: logged in as root to root with 0 failed
          root gets unasked: in #lobby with 1
          root hears: root joined #lobby
        > ben arrives
        > root mutes ben for 10s
          log: c1 began mute of ben everywhere
          ben, root hear: root began mute of ben everywhere
          root gets: 0 sessions
        > ben says to #lobby: what
          ben gets: refused: muted
        > ben says to root: what
          ben gets: refused: muted
        > ben sets the topic of #lobby: what
          ben gets: refused: muted
        > ben goes away: shouting here
          ben gets: refused: muted
        > ben comes back
          ben gets: done
        > ben joins #dev
          log: #dev opened
          ben gets: in #dev with 1
          ben hears: ben joined #dev
        > ben says to #dev: to myself
          ben gets: refused: muted
        > ben leaves #lobby: what
          ben, root hear: ben left #lobby
          ben gets: done
        > ben joins #lobby
          ben gets: in #lobby with 2
          ben, root hear: ben joined #lobby
        > root mutes ro*
          log: c1 began mute of ro* everywhere
          root hears: root began mute of ro* everywhere
          root gets: 0 sessions
        > root says to #lobby: it does not hold for me
          ben, root hear: root in #lobby: it does not hold for me
          root gets: ack
        > ben quits: what
          root hears: ben quit: good-bye
          log: #dev closed
          ben is closed: good-bye
    ",
    );
}

#[test]
fn what_was_said_is_not_edited_into_something_else_while_muted() {
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
        > ben says to #dev: hello
          ana, ben hear: ben in #dev: hello
          ben gets: ack
        > ben says to ana: hello you
          ana, ben hear: ben to ana: hello you
          ben gets: ack
        > ana mutes ben in #dev
          log: c1 began mute of ben in #dev
          ana, ben hear: ana began mute of ben in #dev
          ana gets: 0 sessions
        > ben edits 1: rude words
          ben gets: refused: muted
        > ben edits 2: polite words
          ana, ben hear: ben edited to ana: polite words
          ben gets: ack
        > operator mutes ben
          log: an operator began mute of ben everywhere
          ben hears: an operator began mute of ben everywhere
          operator gets: 0 sessions
        > ben edits 2: rude words
          ben gets: refused: muted
        > ben invites ana into #dev
          ben gets: refused: muted
        > ben deletes 2
          ana, ben hear: ben deleted to ana
          ben gets: ack
        > ben deletes 1
          ana, ben hear: ben deleted in #dev
          ben gets: ack
        > ben reads #dev
          ben gets: history of #dev: [ben: -]
    ",
    );
}

#[test]
fn who_is_exempt_is_neither_banned_nor_muted_there() {
    story(
        r"
        > operator makes account cleo: correct horse
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben arrives
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > cleo connects
        > cleo logs in to cleo: correct horse
          log: c3 is cleo, session 1
          cleo gets: logged in as cleo to cleo with 0 failed
          cleo gets unasked: in #lobby with 3
          ana, ben, cleo hear: cleo joined #lobby
        > cleo joins #dev
          cleo gets: in #dev with 3
          ana, ben, cleo hear: cleo joined #dev
        > ana exempts account:cleo in #dev for 60s
          log: c1 began exempt of account:cleo in #dev
          ana, cleo hear: ana began exempt of account:cleo in #dev
          ana gets: 0 sessions
        > ana bans *e* in #dev
          log: c1 began ban of *e* in #dev
          ana, ben, cleo hear: ana began ban of *e* in #dev
          log: c1 kicked ben from #dev
          ana, ben, cleo hear: ana took ben out of #dev
          ana gets: 1 sessions
        > ana mutes cleo in #dev
          log: c1 began mute of cleo in #dev
          ana, cleo hear: ana began mute of cleo in #dev
          ana gets: 0 sessions
        > cleo says to #dev: I may
          ana, cleo hear: cleo in #dev: I may
          cleo gets: ack
        > operator mutes cleo
          log: an operator began mute of cleo everywhere
          cleo hears: an operator began mute of cleo everywhere
          operator gets: 0 sessions
        > cleo says to #dev: I may not everywhere
          cleo gets: refused: muted
        > operator ends the mute of cleo
          log: an operator ended mute of cleo everywhere
          cleo hears: time ended mute of cleo everywhere
          operator gets: 0 sessions
        > 60s pass
          log: time ended exempt of account:cleo in #dev
          ana, cleo hear: time ended exempt of account:cleo in #dev
        > cleo says to #dev: not any more
          cleo gets: refused: muted
        > cleo leaves #dev
          ana, cleo hear: cleo left #dev
          cleo gets: done
        > cleo joins #dev
          cleo gets: refused: banned_from_room
    ",
    );
}

#[test]
fn whoever_keeps_order_is_not_under_its_rules() {
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
        > ana makes ben operator in #dev
          log: c1 made ben operator in #dev
          ana, ben, cleo hear: ana made ben operator in #dev
          ana gets: 0 sessions
        > ana makes cleo voiced in #dev
          log: c1 made cleo voiced in #dev
          ana, ben, cleo hear: ana made cleo voiced in #dev
          ana gets: 0 sessions
        > ben bans *e* in #dev
          log: c2 began ban of *e* in #dev
          ana, ben, cleo hear: ben began ban of *e* in #dev
          log: c2 kicked cleo from #dev
          ana, ben, cleo hear: ben took cleo out of #dev
          ben gets: 1 sessions
        > ben mutes a* in #dev
          log: c2 began mute of a* in #dev
          ana, ben hear: ben began mute of a* in #dev
          ben gets: 0 sessions
        > ana says to #dev: I own it
          ana, ben hear: ana in #dev: I own it
          ana gets: ack
        > ana makes ben nobody in #dev
          log: c1 made ben nobody in #dev
          ana, ben hear: ana made ben nobody in #dev
          ana gets: 0 sessions
        > ben says to #dev: I am here
          ana, ben hear: ben in #dev: I am here
          ben gets: ack
        > ben leaves #dev
          ana, ben hear: ben left #dev
          ben gets: done
        > ben joins #dev
          ben gets: refused: banned_from_room
        > cleo joins #dev
          cleo gets: refused: banned_from_room
    ",
    );
}

#[test]
fn a_standing_invitation_opens_a_closed_room_again_and_again() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana sets invite-only of #dev to on
          log: c1 set invite-only of #dev to on
          ana hears: ana set invite-only of #dev to on
          ana gets: 0 sessions
        > ben arrives
        > ben joins #dev
          ben gets: refused: invite_only
        > ana admits b* in #dev for 60s
          log: c1 began invite of b* in #dev
          ana hears: ana began invite of b* in #dev
          ana gets: 0 sessions
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ben leaves #dev
          ana, ben hear: ben left #dev
          ben gets: done
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ben leaves #dev
          ana, ben hear: ben left #dev
          ben gets: done
        > 60s pass
          log: time ended invite of b* in #dev
          ana hears: time ended invite of b* in #dev
        > ben joins #dev
          ben gets: refused: invite_only
        > operator admits ben
          operator gets: refused: rule_needs_room
    ",
    );
}

#[test]
fn rules_outlive_the_daemon_and_end_at_their_time() {
    let mut story = Story::kept();
    story.play(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana bans ben in #dev for 100s: rude
          log: c1 began ban of ben in #dev (rude)
          ana hears: ana began ban of ben in #dev (rude)
          ana gets: 0 sessions
        > ana mutes cleo in #dev
          log: c1 began mute of cleo in #dev
          ana hears: ana began mute of cleo in #dev
          ana gets: 0 sessions
        > operator bans dora for 50s
          log: an operator began ban of dora everywhere
          operator gets: 0 sessions
        > ana leaves #dev
          ana hears: ana left #dev
          ana gets: done
        > 40s pass
        > the daemon starts anew
        > ben arrives
        > ben joins #dev
          ben gets: refused: banned_from_room
        > dora connects
        > dora logs in as dora
          dora gets: refused: banned
        > 9999ms pass
        > dora logs in as dora
          dora gets: refused: banned
        > 1ms pass
          log: time ended ban of dora everywhere
        > dora logs in as dora
          log: c3 is dora, session 1
          dora gets: logged in as dora
          dora gets unasked: in #lobby with 2
          ben, dora hear: dora joined #lobby
        > 50s pass
          log: time ended ban of ben in #dev (rude)
        > ben joins #dev
          ben gets: in #dev with 1
          ben hears: ben joined #dev
        > operator asks for rules of #dev
          operator gets: rules [mute of cleo in #dev]
        > operator looks at #dev
          operator gets: #dev is set [] with [ana owner]
    ",
    );
}

#[test]
fn a_rule_that_ended_while_the_daemon_was_down_ends_at_the_start() {
    let mut story = Story::kept();
    story.play(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana bans ben in #dev for 100s
          log: c1 began ban of ben in #dev
          ana hears: ana began ban of ben in #dev
          ana gets: 0 sessions
        > ana leaves #dev
          ana hears: ana left #dev
          ana gets: done
        > the clock steps ahead 200s
        > the daemon starts anew
        > 1ms pass
          log: time ended ban of ben in #dev
          log: #dev closed
        > ana2 arrives
        > ana2 joins #dev
          log: #dev opened
          ana2 gets: in #dev with 1
          ana2 hears: ana2 joined #dev
    ",
    );
}

#[test]
fn a_clock_that_steps_neither_shortens_nor_prolongs_a_rule() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben arrives
        > ana bans ben in #dev for 100s
          log: c1 began ban of ben in #dev
          ana hears: ana began ban of ben in #dev
          ana gets: 0 sessions
        > the clock steps ahead 3600s
        > 50s pass
        > ben joins #dev
          ben gets: refused: banned_from_room
        > the clock steps back 7200s
        > 49999ms pass
        > ben joins #dev
          ben gets: refused: banned_from_room
        > 1ms pass
          log: time ended ban of ben in #dev
          ana hears: time ended ban of ben in #dev
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
    ",
    );
}

#[test]
fn a_room_that_only_a_rule_kept_closes_with_it() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana bans ben in #dev for 10s
          log: c1 began ban of ben in #dev
          ana hears: ana began ban of ben in #dev
          ana gets: 0 sessions
        > ana leaves #dev
          ana hears: ana left #dev
          ana gets: done
        > operator looks at #dev
          operator gets: #dev is set [] with [ana owner]
        > 10s pass
          log: time ended ban of ben in #dev
          log: #dev closed
        > operator looks at #dev
          operator gets: refused: no_such_room
        > ben arrives
        > ben joins #dev
          log: #dev opened
          ben gets: in #dev with 1
          ben hears: ben joined #dev
        > ben looks at #dev
          ben gets: #dev is set [] with [ben owner]
    ",
    );
}

#[test]
fn the_default_room_may_be_closed_to_somebody_who_logs_in() {
    story(
        r"
        > operator bans ben in #lobby
          log: an operator began ban of ben in #lobby
          operator gets: 0 sessions
        > ben connects
        > ben logs in as ben
          log: c1 is ben, session 1
          ben gets: logged in as ben
          ben gets unasked: refused: banned_from_room
        > ben says to #lobby: hello
          ben gets: refused: not_in_room
        > ben joins #lobby
          ben gets: refused: banned_from_room
        > ben joins #dev
          log: #dev opened
          ben gets: in #dev with 1
          ben hears: ben joined #dev
        > operator looks at #lobby
          operator gets: #lobby is set [] with []
    ",
    );
}

#[test]
fn a_new_nick_must_not_be_a_banned_one() {
    let mut story = Story::with(|settings| settings.registration = Registration::Open);
    story.play(
        r"
        > ana arrives
        > operator bans evil*
          log: an operator began ban of evil* everywhere
          operator gets: 0 sessions
        > ana becomes evilana
          ana gets: refused: banned
        > ana becomes good
          log: c1 ana is now good
          ana hears: ana is now good
          ana gets: done
        > ben connects
        > ben logs in as EvilBen
          ben gets: refused: banned
        > ben registers as evilben: correct horse
          ben gets: refused: banned
        > operator exempts ana2
          log: an operator began exempt of ana2 everywhere
          operator gets: 0 sessions
        > operator shuts-out goo*
          log: an operator began ban of goo* everywhere
          ana hears: an operator began ban of goo* everywhere
          operator gets: 0 sessions
        > ana becomes good2
          ana gets: refused: banned
        > ana becomes ana2
          log: c1 good is now ana2
          ana hears: good is now ana2
          ana gets: done
    ",
    );
}

#[test]
fn who_is_shut_out_while_their_place_is_kept_comes_back_to_what_is_left() {
    let mut story = Story::kept();
    story.play(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben connects
        > ben logs in to stay as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
          ben gets unasked: in #lobby with 2
          ana, ben hear: ben joined #lobby
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ben drops
          log: c2 ben keeps their place
        > ana bans ben in #dev
          log: c1 began ban of ben in #dev
          ana hears: ana began ban of ben in #dev
          log: c1 kicked ben from #dev
          ana hears: ana took ben out of #dev
          ana gets: 0 sessions
        > ana says to #dev: he is gone
          ana hears: ana in #dev: he is gone
          ana gets: ack
        > ben2 connects
        > ben2 comes back as ben with the key of ben
          log: c3 is ben, session 1
          ben2 gets: logged in again as ben
          ben2 gets unasked: in #lobby with 2
        > ben2 joins #dev
          ben2 gets: refused: banned_from_room
    ",
    );
}

#[test]
fn restricted_tokens_keep_no_order() {
    story(
        r"
        > operator makes account root: correct horse
        > operator makes root a server operator
        > operator gives T to root for #dev
        > operator gives U to root for everything
        > bot connects
        > bot logs in with T
          log: c1 is root, session 1
          bot gets: logged in as root to root with 0 failed, without a key
        > bot bans ben
          bot gets: refused: token_forbids
        > bot bans ben in #dev
          bot gets: refused: token_forbids
        > bot looks at #dev
          bot gets: refused: token_forbids
        > bot invites ben into #dev
          bot gets: refused: token_forbids
        > other connects
        > other logs in with U
          log: c2 is root, session 2
          other gets: logged in again as root to root with 0 failed, without a key
        > other bans ben
          log: c2 began ban of ben everywhere
          other hears: root began ban of ben everywhere
          other gets: 0 sessions
        > ana arrives
        > ana joins #ana
          log: #ana opened
          ana gets: in #ana with 1
          ana hears: ana joined #ana
        > ana invites root into #ana
          other hears: ana invites into #ana
          ana gets: done
    ",
    );
}

#[test]
fn a_bot_alone_with_its_limits_hears_no_invitation() {
    story(
        r"
        > operator makes account ci: correct horse
        > operator gives T to ci for #builds
        > bot connects
        > bot logs in with T
          log: c1 is ci, session 1
          bot gets: logged in as ci to ci with 0 failed, without a key
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana invites ci into #dev
          ana gets: done
        > operator mutes account:ci
          log: an operator began mute of account:ci everywhere
          operator gets: 0 sessions
        > bot joins #builds
          log: #builds opened
          bot gets: in #builds with 1
          bot hears: ci joined #builds
        > bot says to #builds: green
          bot gets: refused: muted
    ",
    );
}

#[test]
fn a_list_of_rules_has_a_bound_and_none_is_lost_at_it() {
    let mut story = Story::with(|settings| settings.rate = 0.0);
    story.play_muted("ana arrives");
    story.play_muted("ana joins #dev");
    for number in 0..500 {
        story.play_muted(&format!("ana bans ben{number} in #dev"));
    }
    story.play(
        r"
        > ana bans one in #dev
          ana gets: refused: too_many_rules
        > ana bans ben499 in #dev: for another reason
          log: c1 began ban of ben499 in #dev (for another reason)
          ana hears: ana began ban of ben499 in #dev (for another reason)
          ana gets: 0 sessions
        > ana mutes one in #dev
          log: c1 began mute of one in #dev
          ana hears: ana began mute of one in #dev
          ana gets: 0 sessions
        > ana ends the ban of ben0 in #dev
          log: c1 ended ban of ben0 in #dev
          ana hears: ana ended ban of ben0 in #dev
          ana gets: 0 sessions
        > ana bans one in #dev
          log: c1 began ban of one in #dev
          ana hears: ana began ban of one in #dev
          ana gets: 0 sessions
    ",
    );
}
