//! What people show of themselves and want to know of each other.

use std::time::Duration;

use chatd::hub::output::{Reply, Surveyed};

use super::engine::Seen;
use super::story::{Story, story};

#[test]
fn who_watches_a_nick_is_told_when_somebody_comes_and_goes() {
    story(
        r"
        > ana connects
        > ana introduces herself as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ana watches ben cleo
          ana gets: here [], not here [ben, cleo], left off []
        > ben connects
        > ben introduces herself as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
          ana hears: ben is here
        > ana asks who is here
          ana gets: here [ben], not here [cleo], left off []
        > ben becomes Ben
          log: c2 ben is now Ben
          ben hears: ben is now Ben
          ben gets: done
        > ben becomes cleo
          log: c2 Ben is now cleo
          ben hears: Ben is now cleo
          ana hears: Ben is gone
          ana hears: cleo is here
          ben gets: done
        > ana watches no ben
          ana gets: done
        > ana asks whom she watches
          ana gets: watches [cleo]
        > ben quits
          ana hears: cleo is gone
          ben is closed: good-bye
        > ana watches nobody
          ana gets: done
        > ana asks whom she watches
          ana gets: watches []
    ",
    );
}

#[test]
fn a_list_of_watched_nicks_is_bounded() {
    let mut story = Story::with(|settings| settings.rate = 0.0);
    story.play(
        r"
        > ana connects
        > ana introduces herself as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
    ",
    );
    for number in 0..100 {
        story.play_muted(&format!("ana watches n{number}"));
    }
    story.play(
        r"
        > ana watches n1 too
          ana gets: here [], not here [n1], left off [too]
    ",
    );
}

#[test]
fn a_watcher_who_wants_to_hear_more_hears_it_once() {
    story(
        r"
        > ana connects
        > ana introduces herself as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ben connects
        > ben introduces herself as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > ana watches ben
          ana gets: here [ben], not here [], left off []
        > ben goes away: lunch
          ben hears: ben is away: lunch
          ben gets: done
        > ana wants to hear more
          ana gets: done
        > ben comes back
          ana, ben hear: ben is back
          ben gets: done
        > ben calls herself: Ben Bitdiddle
          ana, ben hear: ben is Ben Bitdiddle
          ben gets: done
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ben goes away: tea
          ana, ben hear: ben is away: tea
          ben gets: done
    ",
    );
}

#[test]
fn who_has_gone_is_remembered() {
    story(
        r"
        > ana connects
        > ana introduces herself as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ben connects
        > ben introduces herself as ben: Ben B.
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > ben becomes cleo
          log: c2 ben is now cleo
          ben hears: ben is now cleo
          ben gets: done
        > ben quits
          ben is closed: good-bye
        > ana asks who was ben
          ana gets: were here: ben (Ben B.)
        > ana asks who was CLEO
          ana gets: were here: cleo (Ben B.)
        > ana asks who was dora
          ana gets: were here: nobody
    ",
    );
}

#[test]
fn the_invisible_are_found_by_name_and_by_who_is_near() {
    story(
        r"
        > ana connects
        > ana introduces herself as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ben connects
        > ben introduces herself as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > ben joins #dev
          log: #dev opened
          ben gets: in #dev with 1
          ben hears: ben joined #dev
        > ben switches on invisible
          ben gets: modes [invisible]
        > ana asks for everybody
          ana gets: cards of [ana]
        > ana looks up ben
          ana gets: card of ben (ben) in []
        > ana asks how many are here
          ana gets: 2 users of at most 2, 1 invisible, 0 operators, 0 unknown, 1 rooms
        > ana joins #dev
          ana gets: in #dev with 2
          ana, ben hear: ana joined #dev
        > ana asks for everybody
          ana gets: cards of [ana, ben]
        > ana looks up ben
          ana gets: card of ben (ben) in [#dev]
        > ben quits
          ana hears: ben quit: good-bye
          ben is closed: good-bye
        > ana asks how many are here
          ana gets: 1 users of at most 2, 0 invisible, 0 operators, 0 unknown, 1 rooms
    ",
    );
}

#[test]
fn the_invisible_are_not_seen_in_rooms_from_outside() {
    story(
        r"
        > ana connects
        > ana introduces herself as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ben connects
        > ben introduces herself as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > ben joins #dev
          log: #dev opened
          ben gets: in #dev with 1
          ben hears: ben joined #dev
        > ben sets key url of herself: https://b.example
          ben gets: metadata of ben [url=https://b.example]
        > ana subscribes to url
          ana gets: subscribed to [url], no room for []
        > ana syncs keys of #dev
          ana gets: sync of #dev [ben url=https://b.example]
        > ana asks for names in #dev
          ana gets: names in #dev: [ben]
        > ben switches on invisible
          ben gets: modes [invisible]
        > ana looks around in #dev
          ana gets: sees #dev with []
        > ana asks for names in #dev
          ana gets: names in #dev: []
        > ana asks about ben
          ana gets: ben is in [] with 1 sessions
        > ana syncs keys of #dev
          ana gets: sync of #dev []
        > ben asks for names in #dev
          ben gets: names in #dev: [ben]
    ",
    );
}

#[test]
fn operators_reach_those_who_want_to_hear_them() {
    story(
        r"
        > operator makes account ana: open sesame
        > operator makes ana a server operator
        > ana connects
        > ana logs in to ana: open sesame
          log: c1 is ana, session 1
          ana gets: logged in as ana to ana with 0 failed
          ana gets unasked: in #lobby with 1
          ana hears: ana joined #lobby
        > ben connects
        > ben introduces herself as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > ben tells all: hello
          ben gets: refused: not_permitted
        > ben switches on wallops
          ben gets: modes [wallops]
        > ana tells all: the disk is full
          ben hears: ana to all who want to hear it: the disk is full
          ana gets: done
    ",
    );
}

#[test]
fn metadata_is_told_to_who_subscribes_and_is_near() {
    story(
        r"
        > ana connects
        > ana introduces herself as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ben connects
        > ben introduces herself as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > ben subscribes to avatar url
          ben gets: subscribed to [avatar, url], no room for []
        > ana sets key url of herself: https://a.example
          ana gets: metadata of ana [url=https://a.example]
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ben syncs keys of #dev
          ben gets: sync of #dev [ana url=https://a.example]
        > ana sets key avatar of herself: a
          ben hears: avatar of ana is a
          ana gets: metadata of ana [avatar=a]
        > ana sets key colour of herself: red
          ana gets: metadata of ana [colour=red]
        > ben sets key url of ana: x
          ben gets: refused: not_permitted
        > ben sets key url of #dev: x
          ben gets: refused: not_permitted
        > ana sets key url of #dev: https://dev.example
          ben hears: url of #dev is https://dev.example
          ana gets: metadata of #dev [url=https://dev.example]
        > ben lists keys of ana
          ben gets: metadata of ana [avatar=a, colour=red, url=https://a.example]
        > ana clears keys of herself
          ben hears: avatar of ana is nothing
          ben hears: url of ana is nothing
          ana gets: metadata of ana [no avatar, no colour, no url]
        > ana sets key url of herself
          ana gets: refused: no_such_key
        > ben unsubscribes from url
          ben gets: unsubscribed from [url]
        > ana sets key url of #dev
          ana gets: metadata of #dev [no url]
    ",
    );
}

#[test]
fn new_nicks_begin_with_no_sign_of_irc() {
    story(
        r"
        > ana connects
        > ana logs in as ~ana
          ana gets: refused: bad_nick
        > ana logs in outside as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ana becomes +ana
          ana gets: refused: bad_nick
        > ana becomes ＋ana
          ana gets: refused: bad_nick
        > ana becomes a+
          log: c1 ana is now a+
          ana hears: ana is now a+
          ana gets: done
    ",
    );
}

#[test]
fn who_may_not_speak_in_a_room_shows_nothing_new_there() {
    let mut story = Story::with(|settings| settings.rate = 0.0);
    story.play(
        r"
        > ana connects
        > ana introduces herself as ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ben connects
        > ben introduces herself as ben
          log: c2 is ben, session 1
          ben gets: logged in as ben
        > cho connects
        > cho introduces herself as cho
          log: c3 is cho, session 1
          cho gets: logged in as cho
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ben joins #dev
          ben gets: in #dev with 2
          ana, ben hear: ben joined #dev
        > ben joins #tea
          log: #tea opened
          ben gets: in #tea with 1
          ben hears: ben joined #tea
        > cho joins #tea
          cho gets: in #tea with 2
          ben, cho hear: cho joined #tea
        > ana subscribes to url
          ana gets: subscribed to [url], no room for []
        > cho subscribes to url
          cho gets: subscribed to [url], no room for []
        > ben calls herself: Ben
          ana, ben, cho hear: ben is Ben
          ben gets: done
    ",
    );
    story.play_muted("ana mutes ben in #dev");
    story.play(
        r"
        > ben calls herself: Buy This
          ben, cho hear: ben is Buy This
          ben gets: done
        > ben sets key url of herself: https://buy.example
          cho hears: url of ben is https://buy.example
          ben gets: metadata of ben [url=https://buy.example]
        > ben sets key url of herself
          ana, cho hear: url of ben is nothing
          ben gets: metadata of ben [no url]
    ",
    );
}

#[test]
fn a_realname_at_the_login_is_minded_as_a_new_one_is() {
    Story::with(|settings| settings.blocked_words = vec!["darn".into()]).play(
        r"
        > ana connects
        > ana introduces herself as ana: \e]0;owned
          ana gets: refused: text_control
        > ana introduces herself as ana: one\ntwo
          ana gets: refused: text_control
        > ana introduces herself as ana: Darn It
          ana gets: refused: blocked_word
        > ana introduces herself as ana: Ana
          log: c1 is ana, session 1
          ana gets: logged in as ana
        > ana calls herself: \e]0;owned
          ana gets: refused: text_control
        > ana calls herself: Darn It
          ana gets: refused: blocked_word
    ",
    );
}

#[test]
fn whose_place_is_kept_is_idle_since_they_were_heard() {
    let mut story = Story::kept();
    story.play(
        r"
        > ana arrives
        > ben arrives
        > ana answers no pings
        > ben answers no pings
        > 30s pass
        > ana keeps the place
          ana gets: done
        > ana drops
          log: c1 ana keeps their place
        > 60s pass
    ",
    );
    let seen = story.play_muted("ben looks up ana");
    let [Seen::Replied(_, _, Reply::Survey(Surveyed::User(card)))] = &seen[..] else {
        panic!("{seen:?}");
    };
    assert_eq!(card.idle, Duration::from_secs(60));
}
