//! What is kept beside speech, and taken back again: tags, topics, read marks, and what operators of a room delete.

use super::story::{Story, story};

#[test]
fn reactions_are_kept_and_typing_is_not() {
    Story::kept().play(
        r"
        > ana arrives
        > ben arrives
        > ana says to #lobby with +draft/reply=x;+typing=done: one
          ana, ben hear: ana in #lobby: one
          ana gets: ack
        > ben tags #lobby with +draft/react=:);+draft/reply=x
          ana, ben hear: ben tags in #lobby: +draft/react=:);+draft/reply=x
          ben gets: ack
        > ben tags #lobby with +typing=active
          ana, ben hear: ben tags in #lobby: +typing=active
          ben gets: ack
        > ana sets the topic of #lobby: tea
          ana, ben hear: ana set the topic of #lobby: tea
          ana gets: done
        > ana plays back #lobby
          ana gets: history of #lobby: [ana: one (+draft/reply=x), ben tagged +draft/react=:);+draft/reply=x, ana set the topic tea]
        > ana plays back #lobby between 1 and 2
          ana gets: history of #lobby: []
        > ana reads #lobby
          ana gets: history of #lobby: [ana: one (+draft/reply=x)]
        > ana asks what is unread
          ana gets: unread [#lobby 0]
        > ben deletes 2
          ana, ben hear: ben deleted in #lobby
          ben gets: ack
        > ben edits 2: text
          ben gets: refused: no_such_message
    ",
    );
}

#[test]
fn only_those_in_a_room_have_it_played_back() {
    Story::kept().play(
        r"
        > ana arrives
        > ben arrives
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana hears: ana joined #tea
        > ana says to #tea: one
          ana hears: ana in #tea: one
          ana gets: ack
        > ben plays back #tea
          ben gets: refused: not_in_room
        > ben plays back #nowhere
          ben gets: refused: no_such_room
        > ben plays back ana
          ben gets: history of @ana: []
        > ana says to ben: psst
          ana, ben hear: ana to ben: psst
          ana gets: ack
        > ana asks where something was said
          ana gets: said in [#tea, @ben]
        > ben asks where something was said
          ben gets: said in [@ana]
    ",
    );
    story(
        r"
        > ana arrives
        > ana plays back #lobby
          ana gets: refused: history_off
    ",
    );
}

#[test]
fn a_read_mark_by_time_never_moves_back() {
    Story::kept().play(
        r"
        > ana arrives
        > ana asks up to where #lobby was read
          ana gets: read nothing of #lobby
        > ana says to #lobby: one
          ana hears: ana in #lobby: one
          ana gets: ack
        > 1s pass
        > ana says to #lobby: two
          ana hears: ana in #lobby: two
          ana gets: ack
        > ana has read #lobby at 2
          ana gets: read #lobby up to there
        > ana has read #lobby at 1
          ana gets: read #lobby up to there
        > ana asks what is unread
          ana gets: unread [#lobby 0]
        > ana has read #nowhere at 1
          ana gets: refused: no_such_room
    ",
    );
}

#[test]
fn who_keeps_order_in_a_room_deletes_what_others_said_there() {
    Story::kept().play(
        r"
        > ana arrives
        > ben arrives
        > ana joins #tea
          log: #tea opened
          ana gets: in #tea with 1
          ana hears: ana joined #tea
        > ben joins #tea
          ben gets: in #tea with 2
          ana, ben hear: ben joined #tea
        > ben says to #tea: spam
          ana, ben hear: ben in #tea: spam
          ben gets: ack
        > ana says to #tea: mine
          ana, ben hear: ana in #tea: mine
          ana gets: ack
        > ben says to ana: psst
          ana, ben hear: ben to ana: psst
          ben gets: ack
        > ben deletes 2 of #tea
          ben gets: refused: not_permitted
        > ben deletes 2
          ben gets: refused: no_such_message
        > ana deletes 1 of #lobby: elsewhere
          ana gets: refused: no_such_message
        > ana deletes 1 of #tea: spam
          ana, ben hear: ana deleted in #tea (spam)
          ana gets: ack
        > ana deletes 1 of #tea
          ana gets: refused: no_such_message
        > ana edits 1: mine now
          ana gets: refused: no_such_message
        > ana deletes 3 of ben
          ana gets: refused: not_permitted
        > ben reads #tea
          ben gets: history of #tea: [ben: -, ana: mine]
    ",
    );
}

#[test]
fn a_place_is_kept_for_whoever_wants_that_and_no_longer() {
    Story::kept().play(
        r"
        > ana arrives
        > ben arrives
        > ben answers no pings
        > ana keeps the place
          ana gets: done
        > ana drops
          log: c1 ana keeps their place
        > 120s pass
          log: ana did not come back
          ben hears: ana quit: closed
        > ben keeps the place
          ben gets: done
        > ben gives up the place
          ben gets: done
        > cho arrives
        > ben drops
          cho hears: ben quit: closed
    ",
    );
}
