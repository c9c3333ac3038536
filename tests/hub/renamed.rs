//! Rooms that get another name: what follows them, who may, and what becomes of the name that they had.

use std::collections::BTreeMap;
use std::time::Duration;

use chatd::hub::event::EventKind;

use super::engine::Seen;
use super::story::Story;

/// `ana` has opened `#dev`, and `ben` is there too; what is said is kept.
fn two_in_a_room() -> Story {
    let mut story = Story::kept();
    for action in [
        "ana arrives",
        "ben arrives",
        "cleo arrives",
        "ana joins #dev",
        "ben joins #dev",
    ] {
        story.play_muted(action);
    }
    story
}

fn told(story: &mut Story, action: &str) -> String {
    story.told(action).join("\n")
}

#[test]
fn members_topic_settings_roles_rules_and_history_follow_the_room() {
    let mut story = two_in_a_room();
    story.play_muted("ben says to #dev: hello");
    story.play_muted("ana sets the topic of #dev: tea");
    story.play_muted("ana sets secret of #dev to on");
    story.play_muted("ana bans spam* in #dev");
    story.play(
        r"
        > ana renames #dev to #work: it is work
          log: c1 renamed #dev to #work
          ana, ben hear: ana renamed #dev to #work (it is work)
          ana gets: 0 sessions
        > ben says to #work: still here
          ana, ben hear: ben in #work: still here
          ben gets: ack
        > ben says to #dev: hello?
          ben gets: refused: no_such_room
        > ana looks at #work
          ana gets: #work is set [secret on] with [ana owner]
    ",
    );
    assert!(told(&mut story, "ana asks for rules of #work").contains("spam*"));
    assert!(told(&mut story, "ben reads #work").contains("hello"));
    assert!(
        told(&mut story, "cleo reads #work").contains("refused"),
        "it is secret"
    );
    // Nothing of it is under the name that the room had.
    story.play(
        r"
        > cleo joins #dev
          log: #dev opened
          cleo gets: in #dev with 1
          cleo hears: cleo joined #dev
        > cleo looks at #dev
          cleo gets: #dev is set [] with [cleo owner]
    ",
    );
    let read = told(&mut story, "cleo reads #dev");
    assert!(
        !read.contains("hello") && !read.contains("refused"),
        "{read}"
    );
    // And all of it is there after a start, under the new one.
    story.engine.start_anew();
    story.play(
        r"
        > operator looks at #work
          operator gets: #work is set [secret on] with [ana owner]
        > operator looks at #dev
          operator gets: refused: no_such_room
    ",
    );
    assert!(told(&mut story, "operator asks for rules of #work").contains("spam*"));
}

#[test]
fn owners_rename_and_nobody_takes_a_name_that_is_in_use() {
    let mut story = two_in_a_room();
    story.play_muted("cleo joins #other");
    story.play(
        r"
        > ben renames #dev to #mine
          ben gets: refused: not_permitted
        > cleo renames #dev to #mine
          cleo gets: refused: not_in_room
        > cleo renames #nowhere to #mine
          cleo gets: refused: no_such_room
        > ana renames #dev to #other
          ana gets: refused: room_name_in_use
        > operator renames #lobby to #hall
          operator gets: refused: cannot_rename
        > ana renames #dev to #dev
          ana gets: 0 sessions
        > operator renames #dev to #Dev
          log: an operator renamed #dev to #Dev
          ana, ben hear: an operator renamed #dev to #Dev
          operator gets: 0 sessions
    ",
    );
    // Of a room in which nobody is any more, what was said is still kept.
    story.play_muted("cleo says to #other: mine");
    story.play_muted("cleo leaves #other");
    story.play(
        r"
        > ana renames #Dev to #other
          ana gets: refused: room_name_in_use
    ",
    );
}

#[test]
fn until_the_store_has_the_name_the_room_is_called_as_before() {
    let mut story = two_in_a_room();
    story.engine.is_prompt = false;
    story.play(
        r"
        > ana renames #dev to #work
        > ana renames #dev to #tea
          ana gets: refused: cannot_rename
        > cleo joins #work
          cleo gets: refused: room_name_held
        > ben says to #dev: meanwhile
          ana, ben hear: ben in #dev: meanwhile
          ben gets: ack
    ",
    );
    assert_eq!(story.engine.rename().len(), 3, "log, news and answer");
    story.engine.is_prompt = true;
    assert!(told(&mut story, "ben reads #work").contains("meanwhile"));
    assert!(!told(&mut story, "cleo joins #dev").contains("refused"));
    assert!(!told(&mut story, "cleo reads #dev").contains("meanwhile"));
}

#[test]
fn what_cannot_be_kept_is_refused_and_changes_nothing() {
    let mut story = two_in_a_room();
    story.engine.shelf.as_mut().unwrap().is_stuck = true;
    story.play(
        r"
        > ana renames #dev to #work
          ana gets: refused: not_kept
        > operator renames #dev to #work
          operator gets: refused: not_kept
        > ben says to #dev: hello
          ana, ben hear: ben in #dev: hello
          ben gets: ack
        > cleo joins #work
          log: #work opened
          cleo gets: in #work with 1
          cleo hears: cleo joined #work
    ",
    );
}

#[test]
fn nobody_reads_a_closed_room_by_its_new_name_before_it_has_it() {
    let mut story = two_in_a_room();
    story.play_muted("ben says to #dev: between us");
    story.play_muted("ana sets invite-only of #dev to on");
    story.engine.is_prompt = false;
    story.play_muted("cleo reads #work");
    story.play_muted("ana renames #dev to #work");
    let heard_later = story.engine.rename_unheard();
    let seen = format!("{:?}", story.engine.answer());
    assert!(
        seen.contains("NoSuchRoom") && !seen.contains("between us"),
        "what was asked before: {seen}"
    );
    assert!(told(&mut story, "cleo reads #work").contains("no_such_room"));
    for answered in heard_later {
        story.engine.handle(answered);
    }
    story.play_muted("cleo reads #work");
    let seen = format!("{:?}", story.engine.answer());
    assert!(!seen.contains("between us"), "{seen}");
}

/// `cleo` learns nothing of what was said in the room that was called `#dev`.
fn nothing_by_the_former_name(story: &mut Story, when: &str) {
    for action in [
        "cleo reads #dev",
        "cleo looks in #dev for: between",
        "cleo asks up to where #dev was read",
    ] {
        let mut seen = story.play_muted(action);
        seen.extend(story.engine.answer());
        let seen = format!("{seen:?}");
        assert!(seen.contains("NoSuchRoom"), "{when}, {action}: {seen}");
        assert!(!seen.contains("between us"), "{when}, {action}: {seen}");
    }
}

#[test]
fn nobody_reads_a_closed_room_by_the_name_that_it_had() {
    let mut story = two_in_a_room();
    story.play_muted("ben says to #dev: between us");
    story.play_muted("ana sets invite-only of #dev to on");
    story.engine.is_prompt = false;
    story.engine.is_registry_stuck = true;
    story.play_muted("ana renames #dev to #work");
    for answered in story.engine.rename_unheard() {
        story.engine.handle(answered);
    }
    nothing_by_the_former_name(&mut story, "while the registry has not written it");
    let records = story.engine.unregistered;
    story.engine.unregistered = 0;
    story
        .engine
        .handle(chatd::hub::input::Input::Registered { records });
    nothing_by_the_former_name(&mut story, "while the store is asked to forget it");
    story.engine.shelf.as_mut().unwrap().is_stuck = true;
    story.engine.rename();
    nothing_by_the_former_name(&mut story, "while the store cannot forget it");
    story.engine.shelf.as_mut().unwrap().is_stuck = false;
    story.engine.start_anew();
    story.play_muted("cleo arrives");
    nothing_by_the_former_name(&mut story, "after a start");
}

#[test]
fn nobody_takes_another_conversation_for_theirs_by_asking_for_its_name() {
    let mut story = two_in_a_room();
    story.play_muted("ben says to #dev: of ours");
    story.play_muted("cleo joins #other");
    story.play_muted("cleo says to #other: of cleo's");
    story.play_muted("cleo leaves #other");
    story.engine.is_prompt = false;
    story.play_muted("ana renames #dev to #other");
    // The store says what it has before it refuses.
    for action in ["ana deletes 2", "ana deletes 2 of #dev"] {
        story.play_muted(action);
        let seen = format!("{:?}", story.engine.answer());
        assert!(seen.contains("HistoryUnavailable(Behind)"), "{seen}");
    }
    story.play_muted("ana looks for: of");
    let seen = format!("{:?}", story.engine.answer());
    assert!(
        seen.contains("of ours") && !seen.contains("of cleo's"),
        "{seen}"
    );
    let seen = format!("{:?}", story.engine.rename());
    assert!(seen.contains("RoomNameInUse"), "{seen}");
    story.engine.is_prompt = true;
    assert!(told(&mut story, "ben reads #other").contains("of cleo's"));
}

#[test]
fn who_keeps_order_deletes_under_either_name_once_it_is_known() {
    let mut story = two_in_a_room();
    story.play_muted("ben says to #dev: hello");
    story.engine.is_prompt = false;
    story.play_muted("ana renames #dev to #work");
    let heard_later = story.engine.rename_unheard();
    story.play_muted("ana looks in #dev for: hello");
    let seen = format!("{:?}", story.engine.answer());
    assert!(seen.contains("hello"), "asked for by the room: {seen}");
    story.play_muted("ana deletes 1");
    let seen = format!("{:?}", story.engine.answer());
    assert!(seen.contains("HistoryUnavailable(Behind)"), "{seen}");
    for answered in heard_later {
        story.engine.handle(answered);
    }
    story.play_muted("ana deletes 1 of #work");
    let seen = format!("{:?}", story.engine.answer());
    assert!(seen.contains("Deleted"), "{seen}");
}

#[test]
fn a_question_that_is_on_its_way_is_about_the_same_room() {
    let mut story = two_in_a_room();
    story.play_muted("ben says to #dev: hello");
    story.engine.is_prompt = false;
    story.play_muted("ben reads #dev");
    story.play_muted("ana renames #dev to #work");
    story.engine.rename();
    story.play(
        r"
        > cleo joins #dev
    ",
    );
    let seen = format!("{:?}", story.engine.answer());
    assert!(seen.contains("hello") && seen.contains("#work"), "{seen}");
    // Who wanted to enter a room of the old name has waited for that.
    let seen = format!("{:?}", story.engine.rename());
    assert!(seen.contains("Joined"), "{seen}");
}

#[test]
fn a_start_finishes_what_the_registry_does_not_know_of() {
    let mut story = two_in_a_room();
    story.play_muted("ana sets secret of #dev to on");
    story.play_muted("ana bans spam* in #dev");
    story.engine.is_prompt = false;
    story.play_muted("ana renames #dev to #work");
    story.engine.rename_unheard();
    story.engine.is_prompt = true;
    // The daemon is killed before it hears of it.
    for start in 1..=2 {
        story.engine.start_anew();
        let looked = told(&mut story, "operator looks at #work");
        assert!(
            looked.contains("[secret on] with [ana owner]"),
            "{start}: {looked}"
        );
        assert!(told(&mut story, "operator asks for rules of #work").contains("spam*"));
        assert!(told(&mut story, "operator looks at #dev").contains("no_such_room"));
    }
    story.play_muted("dan arrives");
    assert!(
        !told(&mut story, "dan joins #dev").contains("refused"),
        "the name is free"
    );
}

#[test]
fn a_start_with_nothing_else_to_do_frees_the_name_at_once() {
    let mut story = two_in_a_room();
    story.engine.is_prompt = false;
    story.play_muted("ana renames #dev to #work");
    story.engine.rename_unheard();
    story.engine.start_anew();
    story.play_muted("dan arrives");
    story.play(
        r"
        > dan joins #dev
    ",
    );
    let seen = format!("{:?}", story.engine.rename());
    assert!(seen.contains("Joined"), "{seen}");
}

#[test]
fn a_name_that_the_store_could_not_forget_is_held_until_it_can() {
    let mut story = two_in_a_room();
    story.engine.is_prompt = false;
    story.play_muted("ana renames #dev to #work");
    for answered in story.engine.rename_unheard() {
        story.engine.handle(answered);
    }
    story.engine.shelf.as_mut().unwrap().is_stuck = true;
    story.engine.rename();
    story.play(
        r"
        > cleo joins #dev
          cleo gets: refused: room_name_held
    ",
    );
    story.engine.shelf.as_mut().unwrap().is_stuck = false;
    let retry = story.engine.hub.next_deadline().unwrap();
    assert!(retry <= story.engine.now.uptime + Duration::from_secs(1));
    story.engine.now.uptime = retry;
    story.engine.handle(chatd::hub::input::Input::Tick);
    story.engine.rename();
    assert!(!told(&mut story, "cleo joins #dev").contains("refused"));
}

#[test]
fn nobody_waits_to_enter_for_as_long_as_a_disk_fails() {
    let mut story = two_in_a_room();
    story.play_muted("ana sets secret of #dev to on");
    story.engine.is_registry_stuck = true;
    story.play_muted("ana renames #dev to #work");
    story.play(
        r"
        > cleo joins #dev
        > 1s pass
        > ben joins #dev
        > 1s pass
          cleo gets: refused: room_name_held
        > 1s pass
          ben gets: refused: room_name_held
    ",
    );
    story.engine.is_registry_stuck = false;
    story.play_muted("ana sets secret of #work to off");
    assert!(!told(&mut story, "cleo joins #dev").contains("refused"));
}

#[test]
fn a_room_that_closes_meanwhile_leaves_its_new_name_to_no_other() {
    let mut story = two_in_a_room();
    story.engine.is_prompt = false;
    story.play_muted("ana renames #dev to #work");
    story.play_muted("ben leaves #dev");
    story.play(
        r"
        > ana leaves #dev
          ana hears: ana left #dev
          log: #dev closed
          ana gets: done
        > cleo joins #dev
          cleo gets: refused: room_name_held
    ",
    );
    let seen = format!("{:?}", story.engine.rename());
    assert!(!seen.contains("RoomRenamed"), "{seen}");
    assert!(!told(&mut story, "cleo joins #dev").contains("refused"));
    assert!(!told(&mut story, "cleo joins #work").contains("refused"));
}

#[test]
fn who_waits_to_enter_waits_for_that_name_alone_and_pays_once() {
    let mut story = two_in_a_room();
    story.play_muted("ben joins #two");
    story.settings(|limits| limits.joins_per_minute = 1);
    story.engine.is_prompt = false;
    story.play_muted("ana renames #dev to #work");
    for answered in story.engine.rename_unheard() {
        story.engine.handle(answered);
    }
    story.play_muted("ben renames #two to #three");
    let [dev_forgotten, two_renamed] = <[_; 2]>::try_from(story.engine.rename_unheard()).unwrap();
    story.play(
        r"
        > cleo joins #dev
    ",
    );
    story.engine.handle(two_renamed);
    let seen = format!("{:?}", story.engine.rename());
    assert_eq!(seen, "[]", "another name is free");
    let seen = format!("{:?}", story.engine.handle(dev_forgotten));
    assert!(seen.contains("Joined"), "{seen}");
}

#[test]
fn without_a_history_it_is_done_at_once() {
    Story::with(|_| {}).play(
        r"
        > ana arrives
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
        > ana renames #dev to #work
          log: c1 renamed #dev to #work
          ana hears: ana renamed #dev to #work
          ana gets: 0 sessions
        > ana joins #dev
          log: #dev opened
          ana gets: in #dev with 1
          ana hears: ana joined #dev
    ",
    );
}

/// What was said where, by the name that the room has.
type Said = BTreeMap<String, Vec<String>>;

/// Follows what people hear: that is how rooms are called.
fn follow(said: &mut Said, seen: &[Seen], seed: u64) {
    for it in seen {
        let Seen::Heard(_, event) = it else {
            continue;
        };
        if let EventKind::Message { room, text, .. } = &event.kind {
            let texts = said.entry(room.to_string()).or_default();
            texts.push(text.to_string());
        } else if let EventKind::RoomRenamed { room, to, .. } = &event.kind {
            let texts = said.remove(room.as_str()).unwrap_or_default();
            let before = said.insert(to.to_string(), texts);
            assert!(before.is_none(), "seed {seed}: {to} had another past");
        }
    }
}

#[test]
fn whatever_the_order_of_talk_and_answers_each_room_has_its_own_past() {
    const NAMES: [&str; 4] = ["#a", "#b", "#c", "#d"];
    let mut renamed = 0;
    for seed in 0..300_u64 {
        let mut dice = seed;
        let mut below = |bound: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (dice >> 33) % bound
        };
        let mut story = Story::with(|settings| settings.rate = 0.0);
        story.engine.keep();
        story.play_muted("ana arrives");
        story.play_muted("ana joins #a");
        story.engine.is_prompt = false;
        let mut said = Said::new();
        for step in 0..40 {
            let mut name = || NAMES[usize::try_from(below(4)).unwrap()];
            let (one, other) = (name(), name());
            let action = match below(10) {
                0 => format!("ana joins {one}"),
                1..=4 => format!("ana says to {one}: {seed}.{step}"),
                5 | 6 => format!("ana renames {one} to {other}"),
                7 => format!("ana reads {one}"),
                _ => String::new(),
            };
            let seen = match (action.as_str(), below(2)) {
                ("", 0) => story.engine.rename(),
                ("", _) => story.engine.answer(),
                (action, _) => story.play_muted(action),
            };
            follow(&mut said, &seen, seed);
            renamed += usize::from(format!("{seen:?}").contains("RoomRenamed {"));
        }
        for _ in 0..3 {
            let mut seen = story.engine.rename();
            seen.extend(story.engine.answer());
            follow(&mut said, &seen, seed);
        }
        story.engine.is_prompt = true;
        for name in NAMES {
            let expected = said.remove(name).unwrap_or_default();
            let read = format!("{:?}", story.play_muted(&format!("ana reads {name}")));
            let found = read.matches(&format!("\"{seed}.")).count();
            assert_eq!(found, expected.len(), "seed {seed}, {name}: {read}");
            let all_there = expected
                .iter()
                .all(|it| read.contains(&format!("\"{it}\"")));
            assert!(all_there, "seed {seed}, {name}: {expected:?} and {read}");
            let joined = told(&mut story, &format!("ana joins {name}"));
            assert!(!joined.contains("held"), "seed {seed}: {joined}");
        }
    }
    assert!(renamed > 200, "{renamed} renamings in all");
}
