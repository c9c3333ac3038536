//! Requests that wait for their answer: which line of the client each belongs to, and what of it the answer needs.
//! The lines that answer one labelled line are gathered, and leave together when the last has come.

use std::collections::{BTreeMap, VecDeque};

use smol_str::{SmolStr, format_smolstr};

use super::context::Context;
use super::write::push_tagged;
use crate::daemon::protocol::Facts;
use crate::hub::id::RequestId;

/// Requests of one session that may wait. Each that the disk is slow for is one.
const WAITING_MAX: usize = 8192;
/// Labelled lines of one session that may wait.
const GROUPS_MAX: usize = 1024;

/// What one session waits for.
#[derive(Debug, Default)]
pub(super) struct Pending {
    last: u64,
    /// By rising number.
    waiting: VecDeque<(u64, Waiting)>,
    /// How many requests of each line wait.
    lines: BTreeMap<u64, u32>,
    /// What all that waits takes of memory: texts, tags, labels, and what was answered and is held.
    bytes: usize,
    /// Answers to lines that asked the hub nothing, by rising number: a client that has its PONG has the answers to
    /// all that it said before.
    held: VecDeque<Held>,
    groups: Vec<Group>,
    last_batch: u32,
    /// The request that was answered last, and its labelled line: what came of it may be told after the answer.
    answered: Option<(u64, GroupId)>,
}

/// One request.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) group: Option<GroupId>,
    pub(super) context: Context,
    /// The number of the first request of its line.
    pub(super) line: u64,
}

#[derive(Debug)]
struct Held {
    line: u64,
    group: Option<GroupId>,
    lines: Box<[u8]>,
}

/// A labelled line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GroupId(u64);

#[derive(Debug)]
struct Group {
    id: GroupId,
    label: SmolStr,
    /// Requests that were not answered yet, and one for the line itself until it is read to its end.
    outstanding: u32,
    lines: Vec<u8>,
}

impl Pending {
    /// Whether there is no room for the requests of one more line. Of bytes as many may wait as one answer may have.
    pub(super) fn is_full(&self, facts: &Facts) -> bool {
        self.waiting.len() + self.held.len() >= WAITING_MAX
            || self.groups.len() >= GROUPS_MAX
            || self.bytes >= facts.list_bytes
    }

    /// A request's id, under which the answer comes.
    pub(super) fn add(&mut self, group: Option<GroupId>, context: Context) -> RequestId {
        let line = self.last + 1;
        self.add_for(line, group, context)
    }

    /// One more request of a line.
    pub(super) fn add_for(
        &mut self,
        line: u64,
        group: Option<GroupId>,
        context: Context,
    ) -> RequestId {
        self.last += 1;
        self.bytes += context.bytes();
        *self.lines.entry(line).or_default() += 1;
        if let Some(group) = group.and_then(|id| self.group(id)) {
            group.outstanding += 1;
        }
        self.waiting.push_back((
            self.last,
            Waiting {
                group,
                context,
                line,
            },
        ));
        let text = format_smolstr!("{}", self.last);
        RequestId::new(&text).expect("a number is short and not empty")
    }

    /// What an answer is for; `None` for one that nobody asked for.
    pub(super) fn take(&mut self, request: &RequestId) -> Option<Waiting> {
        let at = self.find(request)?;
        let (number, waiting) = self.waiting.remove(at)?;
        self.answered = waiting.group.map(|group| (number, group));
        self.bytes -= waiting.context.bytes();
        if let Some(count) = self.lines.get_mut(&waiting.line) {
            *count -= 1;
            if *count == 0 {
                self.lines.remove(&waiting.line);
            }
        }
        self.shrink();
        Some(waiting)
    }

    /// Keeps the answer to a line that asked nothing until all has been answered that came before it.
    pub(super) fn hold(&mut self, line: u64, group: Option<GroupId>, lines: Box<[u8]>) {
        self.bytes += lines.len();
        self.held.push_back(Held { line, group, lines });
    }

    /// Writes what was held and has nothing before it any more.
    pub(super) fn release(&mut self, facts: &Facts, out: &mut Vec<u8>) {
        let oldest = self.lines.first_key_value().map(|(&line, _)| line);
        let is_due = |held: &mut Held| oldest.is_none_or(|oldest| oldest >= held.line);
        while let Some(held) = self.held.pop_front_if(is_due) {
            self.bytes -= held.lines.len();
            self.put(held.group, &held.lines, out);
            self.settle(held.group, facts, out);
        }
        self.shrink();
    }

    /// Whoever is idle has no memory for what waits.
    fn shrink(&mut self) {
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
            self.lines = BTreeMap::new();
        }
        if self.held.is_empty() {
            self.held = VecDeque::new();
        }
    }

    /// A labelled line is answered with a later one: see [`Self::settle`].
    pub(super) fn keep_open(&mut self, group: Option<GroupId>) {
        if let Some(group) = group.and_then(|id| self.group(id)) {
            group.outstanding += 1;
        }
    }

    /// Which labelled line a request belongs to.
    pub(super) fn group_of(&self, request: &RequestId) -> Option<GroupId> {
        if let Some(at) = self.find(request) {
            return self.waiting[at].1.group;
        }
        let (number, group) = self.answered?;
        (request.as_str().parse() == Ok(number)).then_some(group)
    }

    /// What a request that was not answered yet is about.
    pub(super) fn context_of(&self, request: &RequestId) -> Option<&Context> {
        let at = self.find(request)?;
        Some(&self.waiting[at].1.context)
    }

    fn find(&self, request: &RequestId) -> Option<usize> {
        let number: u64 = request.as_str().parse().ok()?;
        self.waiting
            .binary_search_by_key(&number, |(its, _)| *its)
            .ok()
    }

    /// A labelled line begins.
    pub(super) fn open(&mut self, label: &str) -> GroupId {
        self.last += 1;
        self.bytes += label.len();
        let id = GroupId(self.last);
        self.groups.push(Group {
            id,
            label: label.into(),
            outstanding: 1,
            lines: Vec::new(),
        });
        id
    }

    /// Lines for the client: at once, or when all of its labelled line has been answered.
    pub(super) fn put(&mut self, group: Option<GroupId>, lines: &[u8], out: &mut Vec<u8>) {
        match group.and_then(|id| self.group(id)) {
            Some(group) => {
                group.lines.extend_from_slice(lines);
                self.bytes += lines.len();
            }
            None => out.extend_from_slice(lines),
        }
    }

    /// One of the requests of a labelled line has been answered, or the line has been read. With the last, all that
    /// was gathered is written.
    pub(super) fn settle(&mut self, group: Option<GroupId>, facts: &Facts, out: &mut Vec<u8>) {
        let Some(at) = group.and_then(|id| self.groups.iter().position(|it| it.id == id)) else {
            return;
        };
        self.groups[at].outstanding -= 1;
        if self.groups[at].outstanding == 0 {
            let group = self.groups.swap_remove(at);
            self.bytes -= group.label.len() + group.lines.len();
            self.last_batch = self.last_batch.wrapping_add(1);
            group.write(self.last_batch, facts, out);
        }
    }

    /// A name for a batch that this client has not had for long.
    pub(super) fn next_batch(&mut self) -> SmolStr {
        self.last_batch = self.last_batch.wrapping_add(1);
        format_smolstr!("{}", self.last_batch)
    }

    fn group(&mut self, id: GroupId) -> Option<&mut Group> {
        self.groups.iter_mut().find(|group| group.id == id)
    }
}

impl Group {
    fn write(&self, batch: u32, facts: &Facts, out: &mut Vec<u8>) {
        let server = &facts.server_name;
        let label = escape(&self.label);
        let lines: Vec<&[u8]> = self.lines.split_inclusive(|&byte| byte == b'\n').collect();
        match &lines[..] {
            [] => out.extend_from_slice(format!("@label={label} :{server} ACK\r\n").as_bytes()),
            [line] => push_tagged(line, &format!("label={label}"), out),
            // All of it is one batch already.
            [first, inner @ .., last] if is_one_batch(first, inner, last) => {
                push_tagged(first, &format!("label={label}"), out);
                for line in inner {
                    out.extend_from_slice(line);
                }
                out.extend_from_slice(last);
            }
            lines => {
                let begin = format!("@label={label} :{server} BATCH +{batch} labeled-response\r\n");
                out.extend_from_slice(begin.as_bytes());
                for line in lines {
                    if is_in_batch(line) {
                        out.extend_from_slice(line);
                    } else {
                        push_tagged(line, &format!("batch={batch}"), out);
                    }
                }
                out.extend_from_slice(format!(":{server} BATCH -{batch}\r\n").as_bytes());
            }
        }
    }
}

fn is_one_batch(first: &[u8], inner: &[&[u8]], last: &[u8]) -> bool {
    let Some(opened) = batch_reference(first, b'+') else {
        return false;
    };
    let closes = |line: &[u8]| batch_reference(line, b'-') == Some(opened);
    closes(last) && !inner.iter().any(|line| closes(line))
}

/// `id` of `[@tags] :source BATCH +id ...`.
fn batch_reference(line: &[u8], sign: u8) -> Option<&[u8]> {
    let mut words = line.split(|&byte| byte == b' ');
    let mut word = words.next()?;
    if word.starts_with(b"@") {
        word = words.next()?;
    }
    let is_batch = word.starts_with(b":") && words.next()? == b"BATCH";
    let reference = words.next().filter(|_| is_batch)?.trim_ascii_end();
    reference.strip_prefix(&[sign])
}

/// Our lines bear `batch` first.
fn is_in_batch(line: &[u8]) -> bool {
    line.starts_with(b"@batch=")
}

fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            ';' => escaped.push_str("\\:"),
            ' ' => escaped.push_str("\\s"),
            '\\' => escaped.push_str("\\\\"),
            '\r' => escaped.push_str("\\r"),
            '\n' => escaped.push_str("\\n"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paid(text: &str) -> Context {
        Context::Paid {
            verb: "VERSION".into(),
            lines: text.as_bytes().into(),
        }
    }

    /// The answer to a line that only had to be paid for has come.
    fn answer(pending: &mut Pending, request: &RequestId, facts: &Facts) -> String {
        let mut out = Vec::new();
        let waiting = pending.take(request).unwrap();
        if let Context::Paid { lines, .. } = waiting.context {
            pending.hold(waiting.line, waiting.group, lines);
        }
        pending.release(facts, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_waits_is_bounded_by_its_bytes() {
        let facts = Facts::example();
        let mut pending = Pending::default();
        let text = "x".repeat(facts.list_bytes / 4);
        let first = pending.add(None, Context::Unasked);
        let mut held: Vec<RequestId> = Vec::new();
        while !pending.is_full(&facts) {
            let request = pending.add(None, paid(&text));
            assert_eq!(
                answer(&mut pending, &request, &facts),
                "",
                "the first waits"
            );
            held.push(request);
        }
        assert_eq!(held.len(), 4);
        assert_eq!(answer(&mut pending, &first, &facts), text.repeat(4));
        assert_eq!(pending.bytes, 0);
        let group = pending.open(&text);
        assert_eq!(pending.bytes, text.len());
        pending.put(Some(group), b"answer\r\n", &mut Vec::new());
        assert_eq!(pending.bytes, text.len() + 8);
        pending.settle(Some(group), &facts, &mut Vec::new());
        assert_eq!(pending.bytes, 0);
    }

    #[test]
    fn what_is_held_waits_for_all_requests_of_the_lines_before_it() {
        let facts = Facts::example();
        let mut pending = Pending::default();
        let join = pending.add(None, Context::Unasked);
        let version = pending.add(None, paid("version"));
        let line = pending.take(&join).unwrap().line;
        let names = pending.add_for(line, None, Context::Unasked);
        let motd = pending.add(None, paid("motd"));
        assert_eq!(answer(&mut pending, &motd, &facts), "");
        assert_eq!(answer(&mut pending, &version, &facts), "");
        assert_eq!(answer(&mut pending, &names, &facts), "motdversion");
        assert!(pending.lines.is_empty() && pending.waiting.is_empty());
    }
}
