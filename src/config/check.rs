//! From the raw config to the checked one: each key by its entry in the table, then what is only
//! wrong together. Every mistake is noted and the next one looked for. Reads no file.

use std::collections::BTreeMap;

use super::file::{Document, Form, RawSection, same_line};
use super::keys::{LISTEN_KEYS, OPER_KEYS, Section};
use super::listen::ListenDraft;
use super::listeners;
use super::notes::Notes;
use super::opers::{self, OperDraft};
use super::problem::{Place, Problem};
use super::{ClientCertificates, Config, Endpoint, Listen};
use crate::hub::name::Nick;
use crate::wire::chat::object_bytes_max;

/// A send queue below this many of the longest frames would close sessions that are not slow: one
/// frame is being sent and the next one waits.
const QUEUED_FRAMES_MIN: usize = 2;

/// A config in the making: the defaults, and what was written over them.
pub(super) struct Draft {
    config: Config,
    listen: Vec<ListenDraft>,
    opers: Vec<OperDraft>,
    notes: Notes,
}

/// What a finished draft comes to.
pub(super) struct Checked {
    pub(super) config: Config,
    /// Where each key was written that is not at its default.
    pub(super) origins: BTreeMap<String, Place>,
    pub(super) problems: Vec<Problem>,
}

impl Draft {
    pub(super) fn new(defaults: Config) -> Self {
        Self {
            // As if nothing had been written, so that `unix` may replace address and port.
            listen: vec![ListenDraft::default(); defaults.listen.len()],
            opers: Vec::new(),
            config: defaults,
            notes: Notes::default(),
        }
    }

    /// Takes over what a file says. `syntax` are its syntax errors: what else is wrong in such a
    /// line follows from them and is not told.
    pub(super) fn file(&mut self, document: &Document, syntax: Vec<Problem>) {
        let names_listeners = |section: &RawSection| {
            section.name == Section::Listen.name() && matches!(section.form, Form::Item(_))
        };
        if document.sections.iter().any(names_listeners) {
            self.listen.clear();
        }
        for section in &document.sections {
            self.section(section);
        }
        let follows = |problem: &Problem| {
            syntax
                .iter()
                .any(|error| same_line(error.place, problem.place))
        };
        self.notes.problems.retain(|problem| !follows(problem));
        self.notes.problems.extend(syntax);
    }

    /// Takes over one section of a file, or one `--set`.
    pub(super) fn section(&mut self, raw: &RawSection) {
        let Some(section) = Section::named(&raw.name) else {
            return self.notes.unknown_section(raw);
        };
        match (section, raw.form) {
            (Section::Listen, Form::Item(index)) => self.listener(index, raw),
            (Section::Listen, Form::EmptyList) => self.notes.wrong_form(
                raw,
                "must have at least one listener; leave it out for the default",
            ),
            (Section::Oper, Form::Item(index)) => self.oper(index, raw),
            (Section::Oper, Form::EmptyList) => {}
            (Section::Listen | Section::Oper, Form::Table | Form::Scalar) => {
                self.notes.wrong_form(raw, needs_number(section, raw.place));
            }
            (_, Form::Table) => {
                for entry in &raw.entries {
                    let keys: Vec<_> = section.keys().collect();
                    self.notes
                        .put(&keys, &mut self.config, section.name(), entry);
                }
            }
            (_, Form::Item(_) | Form::EmptyList | Form::Scalar) => {
                let text = format!("there is one such section, written [{}]", raw.name);
                self.notes.wrong_form(raw, text);
            }
        }
    }

    fn listener(&mut self, index: usize, raw: &RawSection) {
        let Some(here) = self.item(index, self.listen.len(), raw) else {
            return;
        };
        if index == self.listen.len() {
            self.listen.push(ListenDraft::default());
        }
        for entry in &raw.entries {
            let keys: Vec<_> = LISTEN_KEYS.iter().collect();
            self.notes.put(&keys, &mut self.listen[index], &here, entry);
        }
    }

    fn oper(&mut self, index: usize, raw: &RawSection) {
        let Some(here) = self.item(index, self.opers.len(), raw) else {
            return;
        };
        if index == self.opers.len() {
            self.opers.push(OperDraft::default());
        }
        for entry in &raw.entries {
            let keys: Vec<_> = OPER_KEYS.iter().collect();
            self.notes.put(&keys, &mut self.opers[index], &here, entry);
        }
    }

    /// What one of `known` items, or the next, is called; one beyond that is a mistake.
    fn item(&mut self, index: usize, known: usize, raw: &RawSection) -> Option<String> {
        let name = &raw.name;
        let here = format!("{name}[{index}]");
        if index > known {
            let text = format!("there is none of this number; the next new one is {name}[{known}]");
            self.notes
                .problems
                .push(Problem::new(raw.place, here, text));
            return None;
        }
        self.notes.origins.entry(here.clone()).or_insert(raw.place);
        Some(here)
    }

    /// Looks at what is only wrong together, and closes the books.
    pub(super) fn finish(mut self) -> Checked {
        self.config.listen = listeners::check(&self.listen, &mut self.notes);
        self.config.limits.hub.opers = opers::check(&self.opers, &mut self.notes);
        self.config.limits.hub.server_nick = Nick::parse(&self.config.server.name).ok();
        self.queue_holds_frames();
        self.topic_fits_message();
        self.sockets_differ();
        self.tls_has_files();
        self.config.irc.check(&mut self.notes);
        let login_timeout = self.config.limits.hub.login_timeout;
        let external = &self.config.accounts.external;
        external.check(login_timeout, &mut self.notes);
        Checked {
            config: self.config,
            origins: self.notes.origins,
            problems: self.notes.problems,
        }
    }

    fn queue_holds_frames(&mut self) {
        let keys = ["limits.send_queue_bytes", "limits.message_bytes"];
        let limits = &self.config.limits;
        let frame = object_bytes_max(limits.hub.message_bytes);
        let needed = QUEUED_FRAMES_MIN * frame;
        if limits.send_queue_bytes < needed && !self.notes.any_refused(&keys) {
            let text = format!(
                "must be at least {needed}, room for {QUEUED_FRAMES_MIN} frames of {frame} bytes, \
                 because limits.message_bytes is {}",
                limits.hub.message_bytes
            );
            self.notes.problem(&keys, keys[0], text);
        }
    }

    fn topic_fits_message(&mut self) {
        let keys = ["limits.topic_bytes", "limits.message_bytes"];
        let hub = &self.config.limits.hub;
        if hub.topic_bytes > hub.message_bytes && !self.notes.any_refused(&keys) {
            let text = format!(
                "must not be above limits.message_bytes, which is {}; it is {}",
                hub.message_bytes, hub.topic_bytes
            );
            self.notes.problem(&keys, keys[0], text);
        }
    }

    fn tls_has_files(&mut self) {
        let files = [
            ("tls.certificate", self.config.tls.certificate.is_none()),
            ("tls.key", self.config.tls.key.is_none()),
        ];
        let is_tcp = |listen: &Listen| matches!(listen.at, Endpoint::Tcp { .. });
        let mut listeners = self.config.listen.iter();
        let first = listeners.position(|listen| listen.tls && is_tcp(listen));
        if let Some(index) = first {
            let here = format!("listen[{index}].tls");
            for (key, is_missing) in files {
                if is_missing && !self.notes.any_refused(&[key]) {
                    self.notes
                        .problem(&[&here], &here, format!("needs {key}, which is not set"));
                }
            }
        }
        let tls = &self.config.tls;
        let keys = ["tls.client_certificates", "tls.client_ca"];
        if tls.client_certificates != ClientCertificates::None
            && tls.client_ca.is_none()
            && !self.notes.any_refused(&keys)
        {
            let text = "needs tls.client_ca: who vouches for clients?";
            self.notes.problem(&keys[..1], keys[0], text);
        }
    }

    fn sockets_differ(&mut self) {
        let admin = Endpoint::Unix {
            path: self.config.admin.socket.clone(),
        };
        let same = self
            .config
            .listen
            .iter()
            .position(|listen| listen.at == admin);
        if let Some(index) = same {
            let key = format!("listen[{index}].unix");
            let text = format!("is the admin socket as well: {admin}");
            self.notes.problem(&[&key, "admin.socket"], &key, text);
        }
    }
}

/// How one section of several is written.
fn needs_number(section: Section, place: Place) -> String {
    let name = section.name();
    match (section, place) {
        (Section::Listen, Place::Set) => {
            "a listener is written with its number: listen[0]".to_owned()
        }
        (_, Place::Set) => format!("one of several is written with its number: {name}[0]"),
        (_, Place::File { .. } | Place::WholeFile | Place::Default) => {
            format!("must be written [[{name}]], with two brackets: there may be several")
        }
    }
}
