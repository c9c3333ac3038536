//! What was said is kept and found again, by those who could have heard it; and who comes back in time
//! has missed nothing.

use super::story::{Story, story};

#[test]
fn what_was_said_in_a_room_can_be_read_by_everyone() {
    Story::kept().play(
        r"
        > ana arrives
        > ana says to #lobby: one
          ana hears: ana in #lobby: one
          ana gets: ack
        > ana acts to #lobby: waves
          ana hears: ana in #lobby: * waves
          ana gets: ack
        > ana says to #lobby: three
          ana hears: ana in #lobby: three
          ana gets: ack
        > ben connects
        > ben logs in outside as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > ben reads #lobby
          ben gets: history of #lobby: [ana: one, ana: waves, ana: three]
        > ben reads the last 2 of #lobby
          ben gets: history of #lobby: [ana: waves, ana: three] and more
        > ben reads what came before 2 in #lobby
          ben gets: history of #lobby: [ana: one]
        > ben reads #nowhere
          ben gets: refused: no_such_room
    ",
    );
}

#[test]
fn what_was_said_privately_belongs_to_the_two() {
    Story::kept().play(
        r"
        > ana arrives
        > ben arrives
        > ana says to ben: psst
          ana, ben hear: ana to ben: psst
          ana gets: ack
        > ben reads ana
          ben gets: history of @ana: [ana: psst]
        > ben looks for: psst
          ben gets: found [ana: psst]
        > eve arrives
        > eve reads ana
          eve gets: history of @ana: []
        > eve looks for: psst
          eve gets: found []
        > ben drops
          ana, eve hear: ben quit: closed
        > eve becomes ben
          log: c3 eve is now ben
          ana, eve hear: eve is now ben
          eve gets: done
        > eve reads ana
          eve gets: history of @ana: []
    ",
    );
}

#[test]
fn whoever_brings_their_key_is_the_same_person_again() {
    Story::kept().play(
        r"
        > ana arrives
        > ben arrives
        > ana says to ben: psst
          ana, ben hear: ana to ben: psst
          ana gets: ack
        > ben drops
          ana hears: ben quit: closed
        > ben2 connects
        > ben2 logs in as ben with the key of ben
          log: c3 is ben, session 1
          ben2 gets: logged in as ben
          ben2 gets unasked: in #lobby with 2
          ana, ben2 hear: ben joined #lobby
        > ben2 reads ana
          ben2 gets: history of @ana: [ana: psst]
    ",
    );
}

#[test]
fn whom_one_ignores_is_not_heard_later_either() {
    Story::kept().play(
        r"
        > ana arrives
        > ben arrives
        > ben ignores ana
          ben gets: done
        > ana says to ben: psst
          ana hears: ana to ben: psst
          ana gets: ack
        > ana says to #lobby: all
          ana hears: ana in #lobby: all
          ana gets: ack
        > ben reads #lobby
          ben gets: history of #lobby: []
        > ben asks what is unread
          ben gets: unread [#lobby 0]
        > ben hears ana again
          ben gets: done
        > ben asks what is unread
          ben gets: unread [#lobby 1]
        > ben reads #lobby
          ben gets: history of #lobby: [ana: all]
        > ben reads ana
          ben gets: history of @ana: []
        > ana reads ben
          ana gets: history of @ben: [ana: psst]
    ",
    );
}

#[test]
fn a_message_that_is_sent_again_is_said_once() {
    Story::kept().play(
        r"
        > ana arrives
        > ana says to #lobby under a: one
          ana hears: ana in #lobby: one
          ana gets: ack
        > ana says to #lobby under a: one
          ana gets: ack
        > ana drops
        > ana2 connects
        > ana2 logs in as ana with the key of ana
          log: c2 is ana, session 1
          ana2 gets: logged in as ana
          ana2 gets unasked: in #lobby with 1
          ana2 hears: ana joined #lobby
        > ana2 says to #lobby under a: one
          ana2 gets: ack
        > message 1 is lost
        > ana2 says to #lobby under a: one
          ana2 hears: ana in #lobby: one
          ana2 gets: ack
        > ben arrives
        > ben says to #lobby under a: mine
          ana2, ben hear: ben in #lobby: mine
          ben gets: ack
    ",
    );
}

/// The client that asks has not had its ack yet, and must not take what was said for refused.
#[test]
fn what_was_said_is_known_whoever_has_gone_and_whatever_fails_since() {
    Story::kept().play(
        r"
        > ana arrives
        > ben arrives
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana hears: ana joined #tea
        > ana says to ben under a: one
          ana, ben hear: ana to ben: one
          ana gets: ack
        > ana says to #tea under b: two
          ana hears: ana in #tea: two
          ana gets: ack
        > ben drops
          ana hears: ben quit: closed
        > ana leaves #tea
          ana hears: ana left #tea
          log: #tea closed
          ana gets: done
        > the disk fills up
        > ana says to ben under a: one
          ana gets: ack
        > ana says to #tea under b: two
          ana gets: ack
        > ana says to ben: three
          ana gets: refused: not_kept
    ",
    );
}

#[test]
fn who_wants_no_echo_finds_all_in_the_history_and_hears_what_became_of_it() {
    Story::kept().play(
        r"
        > ana arrives
        > ben arrives
        > ana wants no echo
        > ana says to #lobby: teh
          ben hears: ana in #lobby: teh
          ana gets: ack
        > ana edits 1: the
          ana, ben hear: ana edited in #lobby: the
          ana gets: ack
        > ben ignores ana
          ben gets: done
        > ana says to ben: psst
          ana gets: ack
        > ana reads #lobby
          ana gets: history of #lobby: [ana: the (edited)]
        > ana reads ben
          ana gets: history of @ben: [ana: psst]
    ",
    );
}

#[test]
fn authors_change_what_they_said_and_nobody_else_does() {
    Story::kept().play(
        r"
        > ana arrives
        > ben arrives
        > ana says to #lobby: teh
          ana, ben hear: ana in #lobby: teh
          ana gets: ack
        > ben edits 1: no
          ben gets: refused: no_such_message
        > ana edits 1: the
          ana, ben hear: ana edited in #lobby: the
          ana gets: ack
        > ben reads #lobby
          ben gets: history of #lobby: [ana: the (edited)]
        > ben deletes 1
          ben gets: refused: no_such_message
        > ana deletes 1
          ana, ben hear: ana deleted in #lobby
          ana gets: ack
        > ben reads #lobby
          ben gets: history of #lobby: [ana: -]
        > ana edits 1: again
          ana gets: refused: no_such_message
        > ana says to ben: psst
          ana, ben hear: ana to ben: psst
          ana gets: ack
        > ana edits 2: pst
          ana, ben hear: ana edited to ben: pst
          ana gets: ack
        > ana edits 2: \e
          ana gets: refused: text_control
    ",
    );
}

#[test]
fn who_has_left_a_room_changes_nothing_in_it() {
    Story::kept().play(
        r"
        > ana arrives
        > ana says to #lobby: one
          ana hears: ana in #lobby: one
          ana gets: ack
        > ana leaves #lobby
          ana hears: ana left #lobby
          ana gets: done
        > ana edits 1: two
          ana gets: refused: not_in_room
    ",
    );
}

#[test]
fn what_is_unread_is_counted_from_the_mark() {
    Story::kept().play(
        r"
        > ana arrives
        > ben arrives
        > ana says to #lobby: one
          ana, ben hear: ana in #lobby: one
          ana gets: ack
        > ana says to #lobby: two
          ana, ben hear: ana in #lobby: two
          ana gets: ack
        > ben asks what is unread
          ben gets: unread [#lobby 2]
        > ben has read #lobby up to 1
          ben hears: #lobby is read
          ben gets: done
        > ben asks what is unread
          ben gets: unread [#lobby 1]
        > ana asks what is unread
          ana gets: unread [#lobby 0]
    ",
    );
}

#[test]
fn who_comes_back_in_time_has_missed_nothing() {
    Story::kept().play(
        r"
        > ana connects
        > ana logs in to stay as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ben arrives
        > ben says to #lobby: one
          ana, ben hear: ben in #lobby: one
          ben gets: ack
        > ana drops
          log: c1 ana keeps their place
        > ben says to #lobby: two
          ben hears: ben in #lobby: two
          ben gets: ack
        > ben says to ana: psst
          ben hears: ben to ana: psst
          ben gets: ack
        > ben edits 1: eins
          ben hears: ben edited in #lobby: eins
          ben gets: ack
        > eve connects
        > eve logs in as ana
          eve gets: refused: nick_in_use
        > ana2 connects
        > ana2 comes back as ana with the key of ana after 1
          log: c4 is ana, session 1
          ana2 gets: logged in again as ana
          ana2 gets unasked: in #lobby with 2
          ana2 gets: missed [ben: two, ben: psst], changed [ben: eins (edited)]
        > ben says to #lobby: three
          ana2, ben hear: ben in #lobby: three
          ben gets: ack
    ",
    );
}

#[test]
fn what_happens_while_the_store_is_asked_comes_behind_its_answer() {
    let mut story = Story::kept();
    story.play(
        r"
        > ana connects
        > ana logs in to stay as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ben arrives
        > ben says to #lobby: one
          ana, ben hear: ben in #lobby: one
          ben gets: ack
        > the store takes its time
        > ana drops
          log: c1 ana keeps their place
        > ana2 connects
        > ana2 comes back as ana with the key of ana after 1
          log: c3 is ana, session 1
          ana2 gets: logged in again as ana
          ana2 gets unasked: in #lobby with 2
        > ben says to #lobby: two
          ana2, ben hear: ben in #lobby: two
          ben gets: ack
        > the store answers
          ana2 gets: missed []
    ",
    );
}

#[test]
fn who_does_not_come_back_in_time_has_gone() {
    Story::kept().play(
        r"
        > ana connects
        > ana logs in to stay as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ben arrives
        > ben answers no pings
        > ana drops
          log: c1 ana keeps their place
        > 119s pass
        > 1s pass
          log: ana did not come back
          ben hears: ana quit: closed
        > ana2 connects
        > ana2 comes back as ana with the key of ana
          log: c3 is ana, session 1
          ana2 gets: logged in as ana
          ana2 gets unasked: in #lobby with 2
          ana2, ben hear: ana joined #lobby
    ",
    );
}

#[test]
fn only_a_broken_connection_leaves_a_place_behind() {
    Story::kept().play(
        r"
        > ana connects
        > ana logs in to stay as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ben connects
        > ben logs in to stay as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
          ben gets unasked: in #lobby with 2
          ana, ben hear: ben joined #lobby
        > ben quits
          ana hears: ben quit: good-bye
          ben is closed: good-bye
        > ana drops
          log: c1 ana keeps their place
        > operator kicks ana
          log: an operator kicked ana from everywhere
          log: ana did not come back
          operator gets: 0 sessions
    ",
    );
}

#[test]
fn a_full_disk_refuses_speech_and_nothing_else() {
    Story::kept().play(
        r"
        > ana arrives
        > ana says to #lobby: one
          ana hears: ana in #lobby: one
          ana gets: ack
        > the disk fills up
        > ana says to #lobby: two
          ana gets: refused: not_kept
        > ana edits 1: eins
          ana gets: refused: not_kept
        > ana reads #lobby
          ana gets: history of #lobby: [ana: one]
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana hears: ana joined #tea
        > operator sets the topic of #lobby: be kind
          operator gets: refused: not_kept
        > the disk has room again
        > ana says to #lobby: two
          ana hears: ana in #lobby: two
          ana gets: ack
    ",
    );
}

#[test]
fn without_a_history_there_is_nothing_to_ask() {
    story(
        r"
        > ana arrives
        > ana reads #lobby
          ana gets: refused: history_off
        > ana looks for: tea
          ana gets: refused: history_off
        > ana asks what is unread
          ana gets: refused: history_off
    ",
    );
}

#[test]
fn so_many_questions_wait_for_an_answer_and_no_more() {
    let mut story = Story::kept();
    story.play(
        r"
        > ana arrives
        > the store takes its time
        > ana asks what is unread
        > ana asks what is unread
        > ana asks what is unread
        > ana asks what is unread
        > ana asks what is unread
          ana gets: refused: busy
    ",
    );
    assert_eq!(story.play_muted("the store answers").len(), 4);
    story.play(
        r"
        > ana asks what is unread
        > ana drops
        > the store answers
    ",
    );
}

#[test]
fn without_a_history_no_place_is_kept() {
    story(
        r"
        > ana connects
        > ana logs in to stay as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ben arrives
        > ana drops
          ben hears: ana quit: closed
    ",
    );
}

#[test]
fn one_reads_what_one_has_entered() {
    Story::kept().play(
        r"
        > ana arrives
        > ana says to #lobby: one
          ana hears: ana in #lobby: one
          ana gets: ack
        > ana has read #nowhere up to 1
          ana gets: refused: no_such_room
    ",
    );
}
