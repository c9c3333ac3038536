//! How many may come, how fast they may go, how long they may be silent.

use std::time::Duration;

use chatd::hub::command::Command;
use chatd::hub::flood::{ENTRIES_PER_TOKEN, REFUSALS_MAX};
use chatd::hub::input::Input;
use chatd::hub::name::RoomName;

use super::story::{Story, story};

#[test]
fn the_server_is_full_at_its_limit() {
    Story::with(|limits| limits.max_connections = 2).play(
        r"
        > ana connects
        > ben connects from here
        > cho connects
          cho is closed: server full
        > ana drops
        > cho connects
    ",
    );
}

#[test]
fn one_address_has_its_share() {
    Story::with(|limits| limits.max_connections_per_ip = 1).play(
        r"
        > a connects from 10.0.0.1
        > b connects from 10.0.0.1
          b is closed: too many from address
        > c connects from ::ffff:10.0.0.1
          c is closed: too many from address
        > d connects from 10.0.0.2
        > e connects from 2001:db8:1:1::1
        > f connects from 2001:db8:1:1:2::2
          f is closed: too many from address
        > g connects from 2001:db8:1:2::1
        > h connects from here
        > i connects from here
        > a drops
        > b connects from 10.0.0.1
    ",
    );
}

#[test]
fn an_address_that_connects_too_often_has_to_wait() {
    Story::with(|limits| {
        limits.connects_per_minute = 2;
        limits.login_timeout = Duration::from_secs(3600);
    })
    .play(
        r"
        > a connects from 10.0.0.1
        > a drops
        > b connects from 10.0.0.1
        > b drops
        > c connects from 10.0.0.1
          c is closed: too fast from address
        > d connects from 10.0.0.2
        > e connects from 127.0.0.1
        > f connects from 127.0.0.1
        > g connects from 127.0.0.1
        > h connects from here
        > 29s pass
        > c connects from 10.0.0.1
          c is closed: too fast from address
        > 1s pass
        > c connects from 10.0.0.1
    ",
    );
}

#[test]
fn a_connection_that_was_closed_for_garbage_counts_as_many() {
    let mut story = Story::with(|limits| {
        limits.connects_per_minute = 30;
        limits.max_faults = 1;
    });
    story.play(
        r"
        > ana connects from 10.0.0.1
        > ana sends garbage
          ana is closed: too many faults
        > ben connects from 10.0.0.1
        > ben sends garbage
          ben is closed: too many faults
        > cho connects from 10.0.0.1
          cho is closed: too fast from address
        > dan connects from 10.0.0.2
        > eve connects from 127.0.0.1
        > eve sends garbage
          eve is closed: too many faults
        > eve connects from 127.0.0.1
        > 25s pass
        > cho connects from 10.0.0.1
          cho is closed: too fast from address
        > 1s pass
        > cho connects from 10.0.0.1
    ",
    );
}

#[test]
fn a_crowd_logs_in_one_by_one() {
    Story::with(|limits| limits.logins_per_minute = 2).play(
        r"
        > ana connects
        > ana logs in outside as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ben connects
        > ben logs in outside as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > cho connects
        > cho logs in outside as cho
          cho gets: refused: logins_limited for 30000 ms
        > 30s pass
          cho is closed: login timeout
        > dan connects
        > dan logs in outside as dan
          log: c4 is dan, session 1
          dan gets: logged in as dan
    ",
    );
}

#[test]
fn who_is_logged_in_takes_no_login_from_others() {
    Story::with(|limits| limits.logins_per_minute = 2).play(
        r"
        > ana connects
        > ana logs in outside as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ana logs in outside as bob
          ana gets: refused: already_logged_in
        > ana logs in outside as bob
          ana gets: refused: already_logged_in
        > ben connects
        > ben logs in outside as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
    ",
    );
}

#[test]
fn joins_count_whether_or_not_they_succeed() {
    Story::with(|limits| limits.joins_per_minute = 2).play(
        r"
        > ana arrives
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana hears: ana joined #tea
        > ana joins #tea
          ana gets: refused: already_in_room
        > ana joins #milk
          ana gets: refused: joins_limited for 30000 ms
        > ana2 arrives as ana
        > ana2 joins #milk
          ana2 gets: refused: joins_limited for 30000 ms
        > ben arrives
        > ben joins #milk
          log: #milk opened
          ben gets: in #milk with 1
          ben hears: ben joined #milk
        > 30s pass
        > ana joins #milk
          ana gets: in #milk with 2
          ana2 gets unasked: in #milk with 2
          ana, ana2, ben hear: ana joined #milk
    ",
    );
}

#[test]
fn nobody_changes_nicks_all_the_time() {
    Story::with(|limits| limits.nick_changes_per_minute = 1).play(
        r"
        > ana arrives
        > ana becomes anna
          log: c1 ana is now anna
          ana hears: ana is now anna
          ana gets: done
        > ana becomes anne
          ana gets: refused: nick_changes_limited for 60000 ms
        > 60s pass
        > ana becomes anne
          log: c1 anna is now anne
          ana hears: anna is now anne
          ana gets: done
    ",
    );
}

#[test]
fn text_is_limited_by_its_bytes() {
    Story::with(|limits| limits.text_per_minute = 20).play(
        r"
        > ana arrives
        > ana says to #lobby: ten bytes.
          ana hears: ana in #lobby: ten bytes.
          ana gets: ack
        > ana says to #lobby: 한글한글
          ana gets: refused: text_limited for 6000 ms
        > ana sets the topic of #lobby: ten bytes.
          ana hears: ana set the topic of #lobby: ten bytes.
          ana gets: done
        > 60s pass
        > ana says to #lobby: longer than all that there is
          ana hears: ana in #lobby: longer than all that there is
          ana gets: ack
    ",
    );
}

#[test]
fn strangers_are_those_who_share_no_room() {
    Story::with(|limits| limits.strangers_per_minute = 1).play(
        r"
        > ana arrives
        > ben connects
        > ben logs in outside as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > ana says to ben: hello
          ana, ben hear: ana to ben: hello
          ana gets: ack
        > ana says to ben: buy this
          ana gets: refused: strangers_limited for 60000 ms
        > ana invites ben into #lobby
          ana gets: refused: strangers_limited for 60000 ms
        > ana says to nobody: buy this
          ana gets: refused: no_such_user
        > ana says to ana: note
          ana hears: ana to ana: note
          ana gets: ack
        > ben joins #lobby
          ben gets: in #lobby with 2
          ana, ben hear: ben joined #lobby
        > ana says to ben: hello again
          ana, ben hear: ana to ben: hello again
          ana gets: ack
    ",
    );
}

#[test]
fn without_flood_control_and_for_server_operators_there_are_no_such_limits() {
    let mut story = Story::with(|limits| limits.joins_per_minute = 1);
    story.play_muted("operator makes account ana: correct horse");
    story.play_muted("operator makes ana a server operator");
    story.play(
        r"
        > ana connects
        > ana logs in to ana: correct horse
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ana joins #lobby
          ana gets: refused: already_in_room
        > ana joins #lobby
          ana gets: refused: already_in_room
        > ben arrives
        > ben joins #lobby
          ben gets: refused: already_in_room
        > ben joins #lobby
          ben gets: refused: joins_limited for 60000 ms
    ",
    );
    story.settings(|limits| limits.rate = 0.0).play(
        r"
        > ben joins #lobby
          ben gets: refused: already_in_room
    ",
    );
}

#[test]
fn some_words_may_not_be_said() {
    Story::with(|limits| limits.blocked_words = vec!["*darn*".into(), "drat".into()]).play(
        r"
        > ana arrives
        > ben arrives
        > ana says to #lobby: Undarned!
          ana gets: refused: blocked_word
        > ana says to ben: DRAT
          ana gets: refused: blocked_word
        > ana sets the topic of #lobby: drat
          ana gets: refused: blocked_word
        > ana says to #lobby: drats
          ana, ben hear: ana in #lobby: drats
          ana gets: ack
        > ana says to #lobby with +draft/reply=x;+draft/react=drat: hello
          ana gets: refused: blocked_word
        > ana says to ben with +draft/react=drat: hello
          ana gets: refused: blocked_word
        > ana tags #lobby with +draft/reply=x;+draft/react=oh\sdrat
          ana gets: refused: blocked_word
        > ana tags ben with +draft/reply=x;+draft/react=oh\sdrat
          ana gets: refused: blocked_word
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana hears: ana joined #tea
        > ana renames #tea to #drat
          ana gets: refused: blocked_word
        > ana renames #tea to #coffee: drat
          ana gets: refused: blocked_word
    ",
    );
}

#[test]
fn tags_beside_a_text_count_as_text() {
    Story::with(|limits| limits.text_per_minute = 20).play(
        r"
        > ana arrives
        > ana says to #lobby with +draft/reply=0123: ten
          ana hears: ana in #lobby: ten
          ana gets: ack
        > ana says to #lobby: x
          ana gets: refused: text_limited for 3000 ms
    ",
    );
}

#[test]
fn who_does_not_log_in_is_closed() {
    story(
        r"
        > ana connects
        > 10s pass
        > ben connects
        > ben logs in as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
          ben gets unasked: in #lobby with 1
          ben hears: ben joined #lobby
        > cho connects
        > ana pings
          ana gets: pong
        > 20s pass
          ana is closed: login timeout
        > 10s pass
          cho is closed: login timeout
        > 1000s pass
    ",
    );
}

#[test]
fn who_can_answer_is_asked_and_dropped_when_silent() {
    story(
        r"
        > ana arrives
        > old arrives
        > ana answers pings
        > 119s pass
        > 1s pass
          ana is pinged
        > 59s pass
        > ana pongs
        > 119s pass
        > 1s pass
          ana is pinged
        > 60s pass
          old hears: ana quit: ping timeout
          ana is closed: ping timeout
        > 1000s pass
    ",
    );
}

#[test]
fn every_word_counts_as_a_sign_of_life() {
    story(
        r"
        > ana connects
        > ana answers pings
        > ana logs in as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > 100s pass
        > ana says to #lobby: hi
          ana hears: ana in #lobby: hi
          ana gets: ack
        > 100s pass
        > ana sends garbage
        > 119s pass
        > 1s pass
          ana is pinged
        > ana answers no pings
        > 1000s pass
    ",
    );
}

#[test]
fn a_flood_is_slowed_then_ended() {
    Story::with(|limits| {
        limits.rate = 1.0;
        limits.burst = 3.0;
    })
    .play(
        r"
        > ana arrives
        > ana pings
          ana gets: pong
        > ana pings
          log: c1 throttled
          ana gets: refused: too_fast for 1000 ms
        > ana joins #tea
          ana gets: refused: too_fast for 2000 ms
        > ana pongs
        > 500ms pass
        > ana pings
          ana gets: refused: too_fast for 500 ms
        > 500ms pass
        > ana pings
          ana gets: pong
        > ana pings
          ana gets: refused: too_fast for 1000 ms
        > 4s pass
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana hears: ana joined #tea
        > ana pings
          ana gets: pong
        > ana pings
          log: c1 throttled
          ana gets: refused: too_fast for 1000 ms
        > ana quits
          log: #tea closed
          ana is closed: good-bye
    ",
    );
}

#[test]
fn what_is_free_does_not_interrupt_a_flood() {
    let mut script = String::from(
        "> ana arrives\n> ana pings\n  ana gets: pong\n> ana pings\n  log: c1 throttled\n",
    );
    for _ in 0..REFUSALS_MAX {
        script.push_str("  ana gets: refused: too_fast for 1000 ms\n> ana pongs\n> ana pings\n");
    }
    script.push_str("  ana is closed: flooding\n");
    Story::with(|limits| {
        limits.rate = 1.0;
        limits.burst = 3.0;
    })
    .play(&script);
}

#[test]
fn what_is_free_does_not_make_up_for_garbage() {
    Story::with(|limits| limits.max_faults = 3).play(
        r"
        > ana arrives
        > ana sends garbage
        > ana sends garbage
        > ana pongs
        > ana sends garbage
          ana is closed: too many faults
    ",
    );
}

#[test]
fn garbage_costs_patience() {
    Story::with(|limits| limits.max_faults = 3).play(
        r"
        > ana arrives
        > ben arrives
        > ana sends garbage
        > ana sends garbage
        > ana says to #lobby: sorry
          ana, ben hear: ana in #lobby: sorry
          ana gets: ack
        > ana sends garbage
        > ana sends garbage
          ben hears: ana quit: too many faults
          ana is closed: too many faults
    ",
    );
}

#[test]
fn whoever_goes_on_and_on_is_closed() {
    let mut story = Story::with(|limits| {
        limits.rate = 1.0;
        limits.burst = 2.0;
    });
    story.play("> ana arrives");
    for _ in 0..REFUSALS_MAX - 1 {
        story.engine.handle(Input::Command {
            session: story.session("ana"),
            request: None,
            command: Command::Ping,
        });
    }
    story.play(
        r"
        > ana sends garbage
        > ana pings
          ana is closed: flooding
    ",
    );
}

#[test]
fn a_long_list_costs_more_than_a_short_one() {
    let mut story = Story::with(|limits| {
        limits.rate = 1.0;
        limits.burst = 4.0;
    });
    for _ in 0..ENTRIES_PER_TOKEN * 2 {
        story.play("> somebody connects from here");
        let nick = format!("n{}", story.session("somebody").serial);
        story.play_muted(&format!("somebody logs in outside as {nick}"));
    }
    story.play(
        r"
        > ana connects
        > ana logs in outside as ana
          log: c401 is ana, session 1
          ana gets: logged in as ana
        > 10s pass
        > ana asks for rooms
          ana gets: rooms [#lobby 0]
    ",
    );
    story.play_muted("ana asks for users");
    story.play(
        r"
        > ana pings
          log: c401 throttled
          ana gets: refused: too_fast for 1000 ms
    ",
    );
}

#[test]
fn lowered_limits_take_effect_at_once() {
    let mut story = Story::with(|_| {});
    story.play(
        r"
        > ana arrives
        > ana answers pings
        > ben connects
        > 20s pass
    ",
    );
    story.settings(|limits| {
        limits.login_timeout = Duration::from_secs(10);
        limits.ping_interval = Duration::from_secs(25);
        limits.max_connections = 2;
        limits.default_room = RoomName::parse("#elsewhere").unwrap();
    });
    story.play(
        r"
        > cho connects
          cho is closed: server full
        > 0s pass
          ben is closed: login timeout
        > 5s pass
          ana is pinged
        > cho connects
        > cho logs in as cho
          log: c4 is cho, session 1
          cho gets: logged in as cho
          cho gets unasked: in #lobby with 2
          ana, cho hear: cho joined #lobby
    ",
    );
}
