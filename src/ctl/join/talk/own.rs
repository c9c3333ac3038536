//! What the user has said last, so that it can be edited or deleted without knowing an id, and the ids
//! can be looked up.

use std::collections::BTreeMap;

use super::{Effect, Talk};
use crate::ctl::chat::question::NO_HISTORY;
use crate::wire::chat::ServerMessage;

/// Messages remembered; past it the oldest go.
const MESSAGES_MAX: usize = 20;

/// Characters of a text that a list shows.
const SHOWN_MAX: usize = 40;

/// The newest messages of our own that still stand, by id.
#[derive(Debug, Default)]
pub(super) struct Own(BTreeMap<String, Said>);

#[derive(Debug)]
struct Said {
    /// `#lobby` or `@ben`.
    to: String,
    text: String,
}

impl Own {
    pub(super) fn has_said(&mut self, msgid: String, to: String, text: String) {
        self.0.insert(msgid, Said { to, text });
        if self.0.len() > MESSAGES_MAX {
            self.0.pop_first();
        }
    }

    /// The id of the last one.
    fn last(&self) -> Option<String> {
        self.0.last_key_value().map(|(msgid, _)| msgid.clone())
    }

    /// Follows what becomes of them.
    pub(super) fn follow(&mut self, change: &ServerMessage) {
        match change {
            ServerMessage::Deleted { deletes, .. } => {
                self.0.remove(deletes);
            }
            ServerMessage::Edited { edits, text, .. } => {
                if let Some(said) = self.0.get_mut(edits) {
                    said.text.clone_from(text);
                }
            }
            _ => {}
        }
    }

    /// A line each, the oldest first: id, where, and how the text begins.
    fn list(&self) -> String {
        let lines = self.0.iter().map(|(msgid, Said { to, text })| {
            let line = text.lines().next().unwrap_or_default();
            let shown: String = line.chars().take(SHOWN_MAX).collect();
            let rest = if shown.len() < text.len() { "…" } else { "" };
            format!("{msgid}  {to}  {shown}{rest}")
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Talk {
    /// The id that the user named, or that of their last message.
    ///
    /// # Errors
    /// A sentence for the user.
    pub(super) fn own_message(&self, msgid: Option<String>) -> Result<String, &'static str> {
        if !self.past.is_kept {
            return Err(NO_HISTORY);
        }
        msgid
            .or_else(|| self.past.own.last())
            .ok_or("you have said nothing here that could be changed")
    }

    /// What the user said last, with the ids for `/edit` and `/delete`.
    pub(super) fn mine(&self) -> Vec<Effect> {
        let list = self.past.own.list();
        let told = if !self.past.is_kept {
            NO_HISTORY.to_owned()
        } else if list.is_empty() {
            "you have said nothing here yet".to_owned()
        } else {
            list
        };
        vec![Effect::Answer(told)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_that_stands_is_the_last() {
        let mut own = Own::default();
        for number in 10..40 {
            own.has_said(format!("m{number}"), "#lobby".into(), "hi\nyou".into());
        }
        assert_eq!(own.0.len(), MESSAGES_MAX);
        assert_eq!(own.last().as_deref(), Some("m39"));
        own.follow(&ServerMessage::Deleted {
            msgid: "m50".into(),
            time: String::new(),
            room: Some("#lobby".into()),
            from: "ana".into(),
            to: None,
            deletes: "m39".into(),
            reason: None,
        });
        assert_eq!(own.last().as_deref(), Some("m38"));
        let list = own.list();
        assert!(list.starts_with("m20  #lobby  hi…\n"), "{list}");
        assert!(list.ends_with("m38  #lobby  hi…"), "{list}");
    }
}
