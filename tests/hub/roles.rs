//! Owners, operators and the voiced: how one becomes and stops to be one, whom they may take out, whom they
//! call, and what a restart leaves of it.

use chatd::hub::account::Registration;

use super::story::{Story, story};

#[test]
fn who_opens_a_room_owns_it_and_gives_roles() {
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
        > ben makes cleo voiced in #dev
          ben gets: refused: not_permitted
        > ana makes ben operator in #dev
          log: c1 made ben operator in #dev
          ana, ben hear: ana made ben operator in #dev
          ana gets: 0 sessions
        > ana makes ben operator in #dev
          ana gets: 0 sessions
        > ben makes cleo voiced in #dev
          log: c2 made cleo voiced in #dev
          ana, ben hear: ben made cleo voiced in #dev
          ben gets: 0 sessions
        > ben makes cleo operator in #dev
          ben gets: refused: not_permitted
        > ben makes ben owner in #dev
          ben gets: refused: not_permitted
        > ben makes ana nobody in #dev
          ben gets: refused: not_permitted
        > ana makes dora voiced in #dev
          ana gets: refused: no_such_user
        > ana makes cleo operator in #dev
          log: c1 made cleo operator in #dev
          ana, ben hear: ana made cleo operator in #dev
          ana gets: 0 sessions
        > ben makes cleo nobody in #dev
          ben gets: refused: not_permitted
        > cleo looks at #dev
          cleo gets: #dev is set [] with [ana owner, ben operator, cleo operator]
        > ana makes ben nobody in #dev
          log: c1 made ben nobody in #dev
          ana, ben hear: ana made ben nobody in #dev
          ana gets: 0 sessions
        > ben makes cleo nobody in #dev
          ben gets: refused: not_permitted
        > ben makes dora nobody in #dev
          ben gets: refused: no_such_user
    ",
    );
}

#[test]
fn anybody_may_step_down_even_the_last_owner() {
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
        > ana makes ben operator in #dev
          log: c1 made ben operator in #dev
          ana, ben hear: ana made ben operator in #dev
          ana gets: 0 sessions
        > ben makes ben voiced in #dev
          log: c2 made ben voiced in #dev
          ana, ben hear: ben made ben voiced in #dev
          ben gets: 0 sessions
        > ben makes ben operator in #dev
          ben gets: refused: not_permitted
        > ana makes ben owner in #dev
          log: c1 made ben owner in #dev
          ana, ben hear: ana made ben owner in #dev
          ana gets: 0 sessions
        > ben makes ana nobody in #dev
          log: c2 made ana nobody in #dev
          ana, ben hear: ben made ana nobody in #dev
          ben gets: 0 sessions
        > ana makes ana operator in #dev
          ana gets: refused: not_permitted
        > ben makes ben nobody in #dev
          log: c2 made ben nobody in #dev
          ana, ben hear: ben made ben nobody in #dev
          ben gets: 0 sessions
        > ana makes ana owner in #dev
          ana gets: refused: not_permitted
        > ana looks at #dev
          ana gets: #dev is set [] with []
        > operator makes ana owner in #dev
          log: an operator made ana owner in #dev
          ana, ben hear: an operator made ana owner in #dev
          operator gets: 0 sessions
    ",
    );
}

#[test]
fn a_guest_who_comes_back_with_their_key_has_their_role() {
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
        > ana makes ben operator in #dev
          log: c1 made ben operator in #dev
          ana, ben hear: ana made ben operator in #dev
          ana gets: 0 sessions
        > ana quits
          ben hears: ana quit: good-bye
          ana is closed: good-bye
        > ben quits
          ben is closed: good-bye
        > the daemon starts anew
        > thief arrives as ana
        > thief joins #dev
          thief gets: in #dev with 1
          thief hears: ana joined #dev
        > thief kicks ben out of #dev
          thief gets: refused: no_such_user
        > thief looks at #dev
          thief gets: #dev is set [] with [ana owner, ben operator]
        > ana2 connects
        > ana2 logs in as anna with the key of ana
          log: c4 is anna, session 1
          ana2 gets: logged in as anna
          ana2 gets unasked: in #lobby with 2
          ana2, thief hear: anna joined #lobby
        > ana2 joins #dev
          ana2 gets: in #dev with 2
          ana2, thief hear: anna joined #dev
        > ana2 kicks ana out of #dev: not me
          log: c4 kicked ana from #dev
          ana2, thief hear: anna took ana out of #dev (not me)
          ana2 gets: 1 sessions
        > ana2 makes ben nobody in #dev
          log: c4 made ben nobody in #dev
          ana2 hears: anna made ben nobody in #dev
          ana2 gets: 0 sessions
    ",
    );
}

#[test]
fn a_role_is_taken_from_who_is_not_here_though_another_is_called_so() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben arrives
        > ana makes ben operator in #dev
          log: c1 made ben operator in #dev
          ana hears: ana made ben operator in #dev
          ana gets: 0 sessions
        > ben becomes benny
          log: c2 ben is now benny
          ana, ben hear: ben is now benny
          ben gets: done
        > thief arrives as ben
        > ana looks at #dev
          ana gets: #dev is set [] with [ana owner, ben operator]
        > ana makes ben nobody in #dev
          log: c1 made ben nobody in #dev
          ana hears: ana made ben nobody in #dev
          ana gets: 0 sessions
        > ana makes ben nobody in #dev
          ana gets: 0 sessions
        > ana looks at #dev
          ana gets: #dev is set [] with [ana owner]
    ",
    );
}

#[test]
fn a_role_stays_with_who_is_renamed_or_registers() {
    let mut story = Story::with(|settings| settings.registration = Registration::Open);
    story.play(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana becomes anna
          log: c1 ana is now anna
          ana hears: ana is now anna
          ana gets: done
        > ana registers: correct horse
          log: c1 registered anna
          ana hears: anna is logged in to anna
          ana gets: registered as anna
        > ana sets topic-locked of #dev to on
          log: c1 set topic-locked of #dev to on
          ana hears: anna set topic-locked of #dev to on
          ana gets: 0 sessions
        > ana quits
          ana is closed: good-bye
        > ana2 connects
        > ana2 logs in to anna: correct horse
          log: c2 is anna, session 1
          ana2 gets: logged in as anna to anna with 0 failed
          ana2 gets unasked: in #lobby with 1
          ana2 hears: anna joined #lobby
        > ana2 sets topic-locked of #dev to off
          log: c2 set topic-locked of #dev to off
          log: #dev closed
          ana2 gets: 0 sessions
        > ana2 looks at #dev
          ana2 gets: refused: no_such_room
    ",
    );
}

#[test]
fn the_owner_of_a_room_that_stays_for_its_topic_owns_it_after_a_restart() {
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
        > ana quits
          ana is closed: good-bye
        > the daemon starts anew
        > ben arrives
        > ben joins #dev
          ben gets: in #dev with 1 (tools)
          ben hears: ben joined #dev
        > ben looks at #dev
          ben gets: #dev is set [] with [ana owner]
        > ben sets the topic of #dev
          ben hears: ben cleared the topic of #dev
          ben gets: done
        > ben leaves #dev
          ben hears: ben left #dev
          log: #dev closed
          ben gets: done
        > the daemon starts anew
        > ben2 arrives
        > ben2 looks at #dev
          ben2 gets: refused: no_such_room
    ",
    );
}

#[test]
fn a_topic_that_no_history_keeps_leaves_no_room_behind() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana sets the topic of #dev: tools
          ana hears: ana set the topic of #dev: tools
          ana gets: done
        > ana quits
          ana is closed: good-bye
        > 1s pass
        > the daemon starts anew
        > ben arrives
        > ben asks for rooms
          ben gets: rooms [#lobby 1]
    ",
    );
}

#[test]
fn roles_in_the_default_room_are_given_by_server_operators_and_kept() {
    let mut story = Story::kept();
    story.play(
        r"
        > ana arrives
        > ana makes ana owner in #lobby
          ana gets: refused: not_permitted
        > operator makes ana owner in #lobby
          log: an operator made ana owner in #lobby
          ana hears: an operator made ana owner in #lobby
          operator gets: 0 sessions
        > ana quits
          ana is closed: good-bye
        > the daemon starts anew
        > ana2 connects
        > ana2 logs in as ana with the key of ana
          log: c2 is ana, session 1
          ana2 gets: logged in as ana
          ana2 gets unasked: in #lobby with 1
          ana2 hears: ana joined #lobby
        > ana2 looks at #lobby
          ana2 gets: #lobby is set [] with [ana owner]
        > ana2 makes ana nobody in #lobby
          log: c2 made ana nobody in #lobby
          ana2 hears: ana made ana nobody in #lobby
          ana2 gets: 0 sessions
        > the daemon starts anew
        > operator looks at #lobby
          operator gets: #lobby is set [] with []
    ",
    );
}

#[test]
fn an_owner_alone_keeps_no_room_open_whoever_opened_it() {
    story(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben arrives
        > ana makes ben owner in #dev
          log: c1 made ben owner in #dev
          ana hears: ana made ben owner in #dev
          ana gets: 0 sessions
        > ana makes ana nobody in #dev
          log: c1 made ana nobody in #dev
          ana hears: ana made ana nobody in #dev
          ana gets: 0 sessions
        > the daemon starts anew
        > operator looks at #dev
          operator gets: refused: no_such_room
    ",
    );
}

#[test]
fn an_operator_takes_out_who_stands_below_them() {
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
        > ben kicks cleo out of #dev
          ben gets: refused: not_permitted
        > ana makes ben operator in #dev
          log: c1 made ben operator in #dev
          ana, ben, cleo hear: ana made ben operator in #dev
          ana gets: 0 sessions
        > ana makes cleo voiced in #dev
          log: c1 made cleo voiced in #dev
          ana, ben, cleo hear: ana made cleo voiced in #dev
          ana gets: 0 sessions
        > ben kicks ana out of #dev
          ben gets: refused: outranked
        > ben kicks ben out of #dev
          ben gets: refused: outranked
        > ben kicks cleo out of #dev: take a walk
          log: c2 kicked cleo from #dev
          ana, ben, cleo hear: ben took cleo out of #dev (take a walk)
          ben gets: 1 sessions
        > ben kicks cleo out of #dev
          ben gets: refused: user_not_in_room
        > ben kicks dora out of #dev
          ben gets: refused: no_such_user
        > ben kicks cleo out of #nowhere
          ben gets: refused: no_such_room
        > cleo joins #dev
          cleo gets: in #dev with 3
          ana, ben, cleo hear: cleo joined #dev
        > ben kicks cleo
          ben gets: refused: not_permitted
        > operator kicks ana out of #dev
          log: an operator kicked ana from #dev
          ana, ben, cleo hear: an operator took ana out of #dev
          operator gets: 1 sessions
        > operator kicks ana: out
          log: an operator kicked ana from everywhere
          ben, cleo hear: ana quit: kicked (out)
          ana is closed: kicked (out)
          operator gets: 1 sessions
    ",
    );
}

#[test]
fn a_server_operator_keeps_order_everywhere() {
    story(
        r"
        > operator makes account root: correct horse
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana sets secret of #dev to on
          log: c1 set secret of #dev to on
          ana hears: ana set secret of #dev to on
          ana gets: 0 sessions
        > root connects
        > root logs in to root: correct horse
          log: c2 is root, session 1
          root gets: logged in as root to root with 0 failed
          root gets unasked: in #lobby with 2
          ana, root hear: root joined #lobby
        > root looks at #dev
          root gets: refused: no_such_room
        > root kicks ana out of #dev
          root gets: refused: no_such_room
        > operator makes root a server operator
        > root looks at #dev
          root gets: #dev is set [secret on] with [ana owner]
        > root kicks ana out of #dev: secrets
          log: c2 kicked ana from #dev
          ana hears: root took ana out of #dev (secrets)
          root gets: 1 sessions
        > root kicks ana: and out
          log: c2 kicked ana from everywhere
          root hears: ana quit: kicked (and out)
          ana is closed: kicked (and out)
          root gets: 1 sessions
        > root kicks root
          root gets: refused: outranked
        > operator makes root no server operator
        > root asks for rules
          root gets: refused: not_permitted
    ",
    );
}

#[test]
fn an_invitation_into_a_closed_room_is_used_once() {
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
        > ana sets key of #dev to sesame
          log: c1 set key of #dev to on
          ana hears: ana set key of #dev to on
          ana gets: 0 sessions
        > ana sets members-max of #dev to 1
          log: c1 set members-max of #dev to 1
          ana hears: ana set members-max of #dev to 1
          ana gets: 0 sessions
        > ben arrives
        > cleo arrives
        > ben invites cleo into #dev
          ben gets: refused: not_in_room
        > ana invites ben into #dev
          ben hears: ana invites into #dev
          ana gets: done
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ana invites ben into #dev
          ana gets: refused: user_in_room
        > ana invites dora into #dev
          ana gets: refused: no_such_user
        > ben invites cleo into #dev
          ben gets: refused: not_permitted
        > ben leaves #dev
          ana, ben hear: ben left #dev
          ben gets: done
        > ben joins #dev
          ben gets: refused: invite_only
        > cleo ignores ana
          cleo gets: done
        > ana invites cleo into #dev
          ana gets: done
        > cleo joins #dev
          cleo gets: in #dev with 2
          ana, cleo hear: cleo joined #dev
    ",
    );
}

#[test]
fn only_who_keeps_order_calls_others_past_what_is_set() {
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
        > ben invites cleo into #dev
          cleo hears: ben invites into #dev
          ben gets: done
        > ana sets members-max of #dev to 2
          log: c1 set members-max of #dev to 2
          ana, ben hear: ana set members-max of #dev to 2
          ana gets: 0 sessions
        > cleo joins #dev
          cleo gets: refused: room_full
        > ben invites cleo into #dev
          cleo hears: ben invites into #dev
          ben gets: done
        > ana invites cleo into #dev
          cleo hears: ana invites into #dev
          ana gets: done
        > ana bans cleo in #dev
          log: c1 began ban of cleo in #dev
          ana hears: ana began ban of cleo in #dev
          ana gets: 0 sessions
        > cleo joins #dev
          cleo gets: refused: banned_from_room
        > ana ends the ban of cleo in #dev
          log: c1 ended ban of cleo in #dev
          ana hears: ana ended ban of cleo in #dev
          ana gets: 0 sessions
        > cleo joins #dev
          cleo gets: in #dev with 3
          ana, ben, cleo hear: cleo joined #dev
    ",
    );
}

#[test]
fn roles_have_a_bound() {
    let mut story = Story::with(|settings| settings.rate = 0.0);
    story.play_muted("ana arrives");
    story.play_muted("ana joins #dev");
    for number in 0..200 {
        story.play_muted(&format!("u{number} arrives"));
        story.play_muted(&format!("u{number} leaves #lobby"));
    }
    story.play_muted("ana leaves #lobby");
    for number in 0..199 {
        story.play_muted(&format!("ana makes u{number} voiced in #dev"));
    }
    story.play(
        r"
        > ana makes u199 voiced in #dev
          ana gets: refused: too_many_roles
        > ana makes u0 operator in #dev
          log: c1 made u0 operator in #dev
          ana hears: ana made u0 operator in #dev
          ana gets: 0 sessions
        > ana makes u1 nobody in #dev
          log: c1 made u1 nobody in #dev
          ana hears: ana made u1 nobody in #dev
          ana gets: 0 sessions
        > ana makes u199 voiced in #dev
          log: c1 made u199 voiced in #dev
          ana hears: ana made u199 voiced in #dev
          ana gets: 0 sessions
    ",
    );
}

#[test]
fn the_oldest_invitations_give_way() {
    let mut story = Story::with(|settings| settings.rate = 0.0);
    story.play_muted("ana arrives");
    story.play_muted("ana joins #dev");
    story.play_muted("ana sets invite-only of #dev to on");
    for number in 0..101 {
        story.play_muted(&format!("u{number} arrives"));
        story.play_muted(&format!("u{number} leaves #lobby"));
        story.play_muted(&format!("ana invites u{number} into #dev"));
    }
    story.play(
        r"
        > u0 joins #dev
          u0 gets: refused: invite_only
        > u1 joins #dev
          u1 gets: in #dev with 2
          ana, u1 hear: u1 joined #dev
    ",
    );
}
