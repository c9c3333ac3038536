//! What is kept beside speech: tags and topics, which are only part of a page for whoever wants them; marks; and
//! where something was said.

use tempfile::tempdir;

use super::*;
use crate::hub::command::Tags;
use crate::hub::history::Conversation;

fn tags(text: &str) -> Tags {
    Tags::new(text).unwrap()
}

fn tagged(place: Place, who: &str, text: &str) -> RecordKind {
    RecordKind::Tagged {
        place,
        from: author(who),
        tags: tags(text),
    }
}

fn topic(who: &str, text: &str) -> RecordKind {
    RecordKind::TopicSet {
        room: room("#lobby"),
        topic: Some(text.into()),
        by: Some(author(who)),
    }
}

/// Each as `who: text (tags)`.
fn all(story: &mut Story, asker: &str, of: &str, with_asides: bool) -> Vec<String> {
    let question = Question::Page {
        asker: owner(asker),
        of: partner(of),
        range: Range::NewestBetween(MessageId(0), MessageId(u64::MAX >> 1)),
        limit: 10,
        with_asides,
    };
    let Answer::Page(page) = story.ask(question) else {
        panic!("no page");
    };
    let line = |it: &crate::hub::history::Stored| {
        let aside = it
            .aside
            .map(|aside| format!("{aside:?} "))
            .unwrap_or_default();
        let tags = it.tags.as_ref().map_or("", Tags::as_str);
        let text = it.text.as_deref().unwrap_or("-");
        format!("{aside}{}: {text} ({tags})", it.from.nick)
    };
    page.messages.iter().map(line).collect()
}

#[test]
fn asides_are_kept_and_are_no_speech() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let said = story.record(RecordKind::Said {
        place: Place::Room(room("#lobby")),
        from: author("ana"),
        kind: MessageKind::Text,
        text: "tea?".into(),
        client_msgid: None,
        tags: Some(tags("+draft/reply=x")),
    });
    story.record(tagged(Place::Room(room("#lobby")), "ben", "+draft/react=y"));
    story.record(topic("ben", "green tea"));
    story.record(tagged(to_user("ana", false), "ben", "+reply=1"));
    story.record(tagged(to_user("ana", true), "ben", "+reply=2"));
    story.settle();
    let speech = ["ana: tea? (+draft/reply=x)"];
    let with_asides = [
        speech[0],
        "Tagged ben:  (+draft/react=y)",
        "TopicSet ben: green tea ()",
    ];
    for _ in 0..2 {
        assert_eq!(all(&mut story, "eve", "#lobby", true), with_asides);
        assert_eq!(all(&mut story, "eve", "#lobby", false), speech);
        let private = ["Tagged ben:  (+reply=1)"];
        assert_eq!(all(&mut story, "ana", "@ben", true), private);
        assert_eq!(all(&mut story, "ana", "@ben", false), [""; 0]);
        assert_eq!(story.unread("ana", &[], &["#lobby"])[0].count, 0);
        story.indexed();
        assert_eq!(texts(&story.search("eve", words("tea"))), ["tea?"]);
        // From the files alone.
        story.store.close();
        story = Story::begin(&home);
    }
    story.record(RecordKind::Deleted { message: said });
    assert_eq!(all(&mut story, "eve", "#lobby", false), ["ana: - ()"]);
    assert_eq!(story.store.handle().status().messages, 5);
}

#[test]
fn asides_are_there_after_a_crash() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.say("#lobby", "ana", "tea?");
    let last = story.record(topic("ben", "green tea"));
    let last = last.max(story.record(tagged(Place::Room(room("#lobby")), "ben", "+reply=1")));
    story.wait(|news| matches!(news, News::Kept { upto } if *upto >= last));
    let crashed = tempdir().unwrap();
    for name in ["history.db", "history.db-wal", "history.db-log"] {
        let from = home.path().join(name);
        if from.exists() {
            std::fs::copy(from, crashed.path().join(name)).unwrap();
        }
    }
    let mut after = Story::begin(&crashed);
    let expected = [
        "ana: tea? ()",
        "TopicSet ben: green tea ()",
        "Tagged ben:  (+reply=1)",
    ];
    assert_eq!(all(&mut after, "eve", "#lobby", true), expected);
    assert_eq!(after.restored.topics.len(), 1);
}

#[test]
fn conversations_are_found_by_their_newest_message() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let lobby = story.say("#lobby", "ana", "one");
    story.tell("ana", "ben", "two");
    story.say("#other", "ana", "three");
    let ben = story.tell("ben", "ana", "four");
    let unheard = story.record(said(to_user("ana", true), "eve", "five"));
    story.record(tagged(Place::Room(room("#lobby")), "ben", "+reply=1"));
    let mut found = |asker: &str, after: u64, before: MessageId, limit| {
        let answer = story.ask(Question::Conversations {
            asker: owner(asker),
            rooms: vec![room("#lobby"), room("#nowhere")],
            after: MessageId(after),
            before,
            limit,
        });
        let Answer::Conversations(found) = answer else {
            panic!("{answer:?}");
        };
        let of = |it: &Conversation| (it.of.to_string(), it.newest);
        found.iter().map(of).collect::<Vec<_>>()
    };
    let end = MessageId(u64::MAX >> 1);
    let (in_lobby, with_ben) = (("#lobby".to_owned(), lobby), ("@ben".to_owned(), ben));
    assert_eq!(
        found("ana", 0, end, 9),
        [in_lobby.clone(), with_ben.clone()]
    );
    assert_eq!(found("ana", 0, end, 1), std::slice::from_ref(&in_lobby));
    assert_eq!(found("ana", lobby.0, end, 9), [with_ben]);
    assert_eq!(found("ana", 0, ben, 9), std::slice::from_ref(&in_lobby));
    let to_ana = ("@ana".to_owned(), unheard);
    assert_eq!(found("eve", 0, end, 9), [in_lobby, to_ana]);
}

#[test]
fn marks_where_nothing_was_said_are_few() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let said = story.say("#lobby", "ana", "one");
    let mut mark = |who: &str, of: String, upto: u64| {
        story.record(RecordKind::MarkSet {
            owner: owner(who),
            of: partner(&of),
            upto: MessageId(upto),
        });
        let question = Question::Mark {
            asker: owner(who),
            of: partner(&of),
        };
        let answer = story.ask(question);
        let Answer::Mark(mark) = answer else {
            panic!("{answer:?}");
        };
        mark.map(|it| it.0)
    };
    for number in 0..100 {
        assert_eq!(mark("eve", format!("#r{number}"), 7), Some(7));
    }
    assert_eq!(mark("eve", "#beyond".into(), 7), None);
    assert_eq!(mark("eve", "#lobby".into(), said.0), Some(said.0));
    assert_eq!(mark("eve", "#r5".into(), 6), Some(7));
    assert_eq!(mark("ben", "@eve".into(), 6), Some(6));
}
