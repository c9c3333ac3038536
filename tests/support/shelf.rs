//! What was kept, in the plainest way: a list of records, gone through for every question. It stands in
//! for the store where only the hub or a protocol is told about, and says what the store must say.

use std::collections::BTreeMap;
use std::sync::Arc;

use chatd::hub::command::MessageKind;
use chatd::hub::history::{
    Answer, Aside, Author, Conversation, OwnerId, Page, Partner, Place, Question, Range, Record,
    RecordKind, Renaming, Restored, Stored, StoredChange, Trouble, Unread,
};
use chatd::hub::id::MessageId;
use chatd::hub::name::RoomName;

#[derive(Debug, Default)]
pub(crate) struct Shelf {
    messages: Vec<Stored>,
    changes: Vec<(MessageId, Record)>,
    marks: BTreeMap<(OwnerId, Partner), MessageId>,
    topics: BTreeMap<RoomName, Arc<str>>,
    last: MessageId,
    /// Former names and what the rooms are called now.
    former: BTreeMap<RoomName, RoomName>,
    /// It can change no names.
    pub(crate) is_stuck: bool,
}

impl Shelf {
    pub(crate) fn keep(&mut self, record: &Record) {
        assert!(record.id > self.last, "ids rise from record to record");
        self.last = record.id;
        let mut record = record.clone();
        match &mut record.kind {
            RecordKind::Said { place, .. } | RecordKind::Tagged { place, .. } => {
                if let Place::Room(room) = place {
                    self.correct(room);
                }
            }
            RecordKind::TopicSet { room, .. }
            | RecordKind::MarkSet {
                of: Partner::Room(room),
                ..
            } => self.correct(room),
            RecordKind::MarkSet { .. } | RecordKind::Edited { .. } | RecordKind::Deleted { .. } => {
            }
        }
        self.keep_corrected(&record);
    }

    /// A former name means the room that had it.
    fn correct(&self, room: &mut RoomName) {
        if let Some(now) = self.former.get(room) {
            *room = now.clone();
        }
    }

    pub(crate) fn rename(&mut self, renaming: &Renaming) -> Answer {
        if self.is_stuck {
            return Answer::Failed(Trouble::ReadOnly);
        }
        let (from, to) = match renaming {
            Renaming::Rename { from, to } => (from, to),
            Renaming::Forget { name } => {
                let former = self.former.remove(name);
                assert!(former.is_some(), "only a former name is forgotten");
                return Answer::Renamed { is_done: true };
            }
        };
        let is_there = |it: &Stored| it.place == Place::Room(to.clone());
        let is_other = from != to;
        if is_other && (self.messages.iter().any(is_there) || self.topics.contains_key(to)) {
            return Answer::Renamed { is_done: false };
        }
        for message in &mut self.messages {
            if message.place == Place::Room(from.clone()) {
                message.place = Place::Room(to.clone());
            }
        }
        if let Some(topic) = self.topics.remove(from) {
            self.topics.insert(to.clone(), topic);
        }
        let marks = std::mem::take(&mut self.marks).into_iter();
        let marks = marks.map(|((owner, of), upto)| match &of {
            Partner::Room(room) if room == from => ((owner, Partner::Room(to.clone())), upto),
            Partner::Room(_) | Partner::User(_) => ((owner, of), upto),
        });
        self.marks = marks.collect();
        if is_other {
            self.former.insert(from.clone(), to.clone());
        }
        Answer::Renamed { is_done: true }
    }

    fn keep_corrected(&mut self, record: &Record) {
        match &record.kind {
            RecordKind::Said {
                place,
                from,
                kind,
                text,
                tags,
                ..
            } => self.messages.push(Stored {
                id: record.id,
                at: record.at,
                place: place.clone(),
                from: from.clone(),
                kind: *kind,
                text: Some(text.clone()),
                changed_at: None,
                tags: tags.clone(),
                aside: None,
            }),
            RecordKind::Tagged { place, from, tags } => {
                let stored = aside(record, place.clone(), from, "", Aside::Tagged);
                let tags = Some(tags.clone());
                self.messages.push(Stored { tags, ..stored });
            }
            RecordKind::Edited { message, text } => {
                self.change(*message, Some(text.clone()), record);
            }
            RecordKind::Deleted { message } => self.change(*message, None, record),
            RecordKind::TopicSet { room, topic, by } => {
                if let Some(by) = by {
                    let text = topic.as_deref().unwrap_or_default();
                    let place = Place::Room(room.clone());
                    let stored = aside(record, place, by, text, Aside::TopicSet);
                    self.messages.push(stored);
                }
                match topic {
                    Some(topic) => {
                        self.topics.insert(room.clone(), topic.clone());
                    }
                    None => {
                        self.topics.remove(room);
                    }
                }
            }
            RecordKind::MarkSet { owner, of, upto } => {
                let mark = self.marks.entry((*owner, of.clone())).or_default();
                *mark = (*mark).max(*upto);
            }
        }
    }

    fn speech(&self) -> impl Iterator<Item = &Stored> {
        self.messages.iter().filter(|it| it.aside.is_none())
    }

    fn change(&mut self, id: MessageId, text: Option<Arc<str>>, record: &Record) {
        let message = self.messages.iter_mut().find(|it| it.id == id);
        let message = message.expect("only what was kept is changed");
        message.text = text;
        message.changed_at = Some(record.at);
        self.changes.push((id, record.clone()));
    }

    /// What a start finds, after events with ids up to `last`.
    pub(crate) fn restored(&self, last: MessageId) -> Restored {
        Restored {
            last_id: last.max(self.last),
            renamed: self.former.clone().into_iter().collect(),
            topics: self.topics.clone().into_iter().collect(),
            sent: Vec::new(),
        }
    }

    /// The id of what was said, if by tags alone, as number `index`, from 1.
    pub(crate) fn id(&self, index: usize) -> MessageId {
        let said = |it: &&Stored| it.aside != Some(Aside::TopicSet);
        let mut said = self.messages.iter().filter(said);
        said.nth(index - 1).expect("it was said").id
    }

    pub(crate) fn answer(&self, question: &Question) -> Answer {
        let mut question = question.clone();
        match &mut question {
            Question::Page {
                of: Partner::Room(room),
                ..
            }
            | Question::Mark {
                of: Partner::Room(room),
                ..
            } => self.correct(room),
            Question::Conversations { rooms, .. }
            | Question::Missed { rooms, .. }
            | Question::Unread { rooms, .. } => rooms.iter_mut().for_each(|it| self.correct(it)),
            Question::Search { query, .. } => {
                if let Some(Partner::Room(room)) = &mut query.of {
                    self.correct(room);
                }
            }
            Question::Page { .. } | Question::Mark { .. } | Question::Message { .. } => {}
        }
        self.answer_corrected(&question)
    }

    fn answer_corrected(&self, question: &Question) -> Answer {
        match question {
            Question::Page {
                asker,
                of,
                range,
                limit,
                with_asides,
            } => {
                let all = self
                    .messages
                    .iter()
                    .filter(|it| is_in(it, *asker, of) && (*with_asides || it.aside.is_none()));
                Answer::Page(cut(all.cloned().collect(), *range, *limit))
            }
            Question::Conversations {
                asker,
                rooms,
                after,
                before,
                limit,
            } => {
                let mut found: Vec<Conversation> = Vec::new();
                for it in self.speech() {
                    let of = match &it.place {
                        Place::Room(room) if rooms.contains(room) => Partner::Room(room.clone()),
                        Place::User { to, .. } if it.from.owner == *asker => {
                            Partner::User(to.nick.clone())
                        }
                        Place::User { .. } if is_party(it, *asker) => {
                            Partner::User(it.from.nick.clone())
                        }
                        Place::Room(_) | Place::User { .. } => continue,
                    };
                    found.retain(|known| known.of != of);
                    let (newest, at) = (it.id, it.at);
                    found.push(Conversation { of, newest, at });
                }
                found.retain(|it| it.newest > *after && it.newest < *before);
                found.truncate(*limit);
                Answer::Conversations(found)
            }
            Question::Mark { asker, of } => {
                Answer::Mark(self.marks.get(&(*asker, of.clone())).copied())
            }
            Question::Search {
                asker,
                query,
                hidden,
                limit,
            } => {
                let is_meant = |it: &&Stored| {
                    let text = it.text.as_deref().unwrap_or_default();
                    query.words.split(' ').all(|word| text.contains(word))
                        && query.of.as_ref().is_none_or(|of| is_in(it, *asker, of))
                        && query.from.as_ref().is_none_or(|from| it.from.nick == *from)
                        && query.after.is_none_or(|after| it.id > after)
                        && query.before.is_none_or(|before| it.id < before)
                        && match &it.place {
                            Place::Room(room) => !hidden.contains(room),
                            Place::User { .. } => is_party(it, *asker),
                        }
                        && it.text.is_some()
                };
                let mut page = Page {
                    messages: self.speech().filter(is_meant).cloned().collect(),
                    ..Page::default()
                };
                page.messages.reverse();
                page.has_more = page.messages.len() > *limit;
                page.messages.truncate(*limit);
                Answer::Page(page)
            }
            Question::Message { id } => {
                let message = self.messages.iter().find(|it| it.id == *id);
                Answer::Message(message.cloned())
            }
            Question::Missed {
                asker,
                rooms,
                since,
                upto,
                limit,
            } => {
                let is_near = |it: &&Stored| match &it.place {
                    Place::Room(room) => rooms.contains(room),
                    Place::User { .. } => is_party(it, *asker),
                };
                let near = self.speech().filter(is_near).cloned();
                let upto = MessageId(upto.0 + 1);
                let mut page = cut(near.collect(), Range::Between(*since, upto), *limit);
                let changes = self.changes.iter().filter(|(_, it)| it.id > *since);
                for (message, record) in changes {
                    let stored = self.messages.iter().find(|it| it.id == *message).unwrap();
                    if *message <= *since && is_near(&stored) {
                        page.changes.push(StoredChange {
                            id: record.id,
                            at: record.at,
                            message: stored.clone(),
                        });
                    }
                }
                Answer::Page(page)
            }
            Question::Unread {
                asker,
                ignored,
                rooms,
            } => {
                let unread = rooms.iter().map(|room| {
                    let of = Partner::Room(room.clone());
                    let read = self.marks.get(&(*asker, of.clone())).copied();
                    let others = self.speech().filter(|it| {
                        is_in(it, *asker, &of)
                            && it.from.owner != *asker
                            && !ignored.contains(&it.from.owner)
                            && read.is_none_or(|read| it.id > read)
                    });
                    let count = u32::try_from(others.count()).unwrap();
                    Unread { of, read, count }
                });
                Answer::Unread(unread.collect())
            }
        }
    }
}

fn aside(record: &Record, place: Place, from: &Author, text: &str, what: Aside) -> Stored {
    Stored {
        id: record.id,
        at: record.at,
        place,
        from: from.clone(),
        kind: MessageKind::Text,
        text: Some(text.into()),
        changed_at: None,
        tags: None,
        aside: Some(what),
    }
}

fn is_in(stored: &Stored, asker: OwnerId, of: &Partner) -> bool {
    match (&stored.place, of) {
        (Place::Room(room), Partner::Room(name)) => room == name,
        (Place::User { to, .. }, Partner::User(nick)) => {
            is_party(stored, asker) && (to.nick == *nick || stored.from.nick == *nick)
        }
        (Place::Room(_), Partner::User(_)) | (Place::User { .. }, Partner::Room(_)) => false,
    }
}

fn is_party(stored: &Stored, asker: OwnerId) -> bool {
    match &stored.place {
        Place::Room(_) => false,
        Place::User { to, is_unheard } => {
            stored.from.owner == asker || (to.owner == asker && !is_unheard)
        }
    }
}

fn cut(all: Vec<Stored>, range: Range, limit: usize) -> Page {
    let (is_meant, newest): (Box<dyn Fn(MessageId) -> bool>, bool) = match range {
        Range::Latest => (Box::new(|_| true), true),
        Range::Before(id) => (Box::new(move |it| it < id), true),
        Range::After(id) => (Box::new(move |it| it > id), false),
        Range::Around(id) => (Box::new(move |it| it == id), false),
        Range::Between(after, before) => (Box::new(move |it| it > after && it < before), false),
        Range::NewestBetween(after, before) => {
            (Box::new(move |it| it > after && it < before), true)
        }
    };
    let meant = all.into_iter().filter(|it| is_meant(it.id));
    let mut messages: Vec<Stored> = meant.collect();
    let has_more = messages.len() > limit;
    if has_more && newest {
        messages.drain(..messages.len() - limit);
    }
    messages.truncate(limit);
    Page {
        messages,
        changes: Vec::new(),
        has_more,
    }
}
