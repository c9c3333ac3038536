//! Rust sources as the rules see them: as tokens, so that a path in a comment or a string is no
//! import and one inside a macro is. Gives what a file mentions and how long its functions are;
//! knows no rule.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// `hub::name` as `["hub", "name"]`; the crate's root is empty.
pub(crate) type ModulePath = Vec<String>;

/// One Rust file.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A path of two or more segments, or an import, as the code has it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) line: usize,
    /// From the crate's root (`["crate", "hub", "Hub"]`) or another crate's (`["tokio", "net"]`).
    pub(crate) path: Vec<String>,
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// From the line that names it to its closing brace.
    pub(crate) lines: usize,
}

impl Source {
    /// The module that this file below `src/` is.
    pub(crate) fn module(&self) -> ModulePath {
        let path = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut segments: ModulePath = path.split('/').map(str::to_owned).collect();
        if matches!(segments.last().map(String::as_str), Some("mod" | "lib")) {
            segments.pop();
        }
        segments
    }

    /// Everything that this file mentions, resolved. `modules` are all there are in the crate.
    pub(crate) fn mentions(&self, modules: &BTreeSet<ModulePath>) -> Vec<Mention> {
        let mut walk = Walk::default();
        walk.scope(&self.tokens(), &self.module());
        // First what `use` brings into scope under a module's name, then everything.
        let mut brought = BTreeMap::new();
        for raw in walk.raw.iter().filter(|raw| raw.imported.is_some()) {
            if let (Some(name), Some(path)) = (&raw.imported, raw.resolve(modules, &brought))
                && path.first().is_some_and(|root| root == "crate")
                && modules.contains(&path[1..])
            {
                brought.insert(name.clone(), path);
            }
        }
        walk.raw
            .iter()
            .filter_map(|raw| {
                let path = raw.resolve(modules, &brought)?;
                Some(Mention {
                    line: raw.line,
                    path,
                })
            })
            .collect()
    }

    /// All functions, methods among them.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        collect_functions(&self.tokens(), &mut found);
        found
    }

    fn tokens(&self) -> Vec<TokenTree> {
        TokenStream::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{}: {error}", self.path))
            .into_iter()
            .collect()
    }
}

/// A path as written, and where.
#[derive(Debug)]
struct RawMention {
    line: usize,
    segments: Vec<String>,
    scope: ModulePath,
    /// The name that a `use` gives it here.
    imported: Option<String>,
}

impl RawMention {
    /// The whole path, or nothing where it begins with a local name.
    fn resolve(
        &self,
        modules: &BTreeSet<ModulePath>,
        brought: &BTreeMap<String, Vec<String>>,
    ) -> Option<Vec<String>> {
        let (root, rest) = self.segments.split_first()?;
        let below = |module: &[String], rest: &[String]| {
            let mut path = vec!["crate".to_owned()];
            path.extend_from_slice(module);
            path.extend_from_slice(rest);
            Some(path)
        };
        match root.as_str() {
            "crate" | "chatd" => below(&[], rest),
            "self" => below(&self.scope, rest),
            "super" => {
                let ups = self
                    .segments
                    .iter()
                    .take_while(|segment| *segment == "super")
                    .count();
                let kept = self.scope.len().checked_sub(ups)?;
                below(&self.scope[..kept], &self.segments[ups..])
            }
            name => {
                let mut child = self.scope.clone();
                child.push(name.to_owned());
                if let Some(module) = brought.get(name).filter(|_| !rest.is_empty()) {
                    Some(module.iter().chain(rest).cloned().collect())
                } else if modules.contains(&child) {
                    below(&child, rest)
                } else {
                    Some(self.segments.clone())
                }
            }
        }
    }
}

/// Collects paths from tokens.
#[derive(Default)]
struct Walk {
    raw: Vec<RawMention>,
}

impl Walk {
    fn scope(&mut self, tokens: &[TokenTree], scope: &ModulePath) {
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Ident(word) if word == "mod" => self.module(tokens, at, scope),
                TokenTree::Ident(word) if word == "use" => {
                    self.path(tokens, at + 1, &[], scope, true)
                }
                TokenTree::Ident(_) if !follows_colons(tokens, at) => {
                    self.path(tokens, at, &[], scope, false)
                }
                // `pub(in crate::daemon)` is about who sees, not about what is seen.
                TokenTree::Group(_) if at > 0 && is_word(&tokens[at - 1], "pub") => at + 1,
                TokenTree::Group(group) => {
                    self.scope(&group.stream().into_iter().collect::<Vec<_>>(), scope);
                    at + 1
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => at + 1,
            };
        }
    }

    /// `mod name { … }` opens a scope of its own.
    fn module(&mut self, tokens: &[TokenTree], at: usize, scope: &ModulePath) -> usize {
        if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
            (tokens.get(at + 1), tokens.get(at + 2))
        {
            let mut inner = scope.clone();
            inner.push(name.to_string());
            self.scope(&body.stream().into_iter().collect::<Vec<_>>(), &inner);
            return at + 3;
        }
        at + 2
    }

    /// One path, or one branch of a `use` tree below `prefix`; returns where it ends.
    fn path(
        &mut self,
        tokens: &[TokenTree],
        mut at: usize,
        prefix: &[String],
        scope: &ModulePath,
        imports: bool,
    ) -> usize {
        if imports && is_colons(tokens, at) {
            at += 2; // `use ::tokio::net`
        }
        let mut segments = prefix.to_vec();
        let line = tokens.get(at).map_or(0, |token| token.span().start().line);
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(word)) => segments.push(word.to_string()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    if imports {
                        self.branches(
                            &group.stream().into_iter().collect::<Vec<_>>(),
                            &segments,
                            scope,
                        );
                        return at + 1;
                    }
                    break;
                }
                _ => break,
            }
            at += 1;
            if !is_colons(tokens, at) {
                break;
            }
            at += 2;
        }
        let alias = match (tokens.get(at), tokens.get(at + 1)) {
            (Some(word), Some(TokenTree::Ident(name))) if imports && is_word(word, "as") => {
                Some(name.to_string())
            }
            _ => None,
        };
        if imports && segments.last().is_some_and(|last| last == "self") {
            segments.pop(); // `use crate::hub::{self}`
        }
        if imports || segments.len() > 1 {
            let imported = imports
                .then(|| alias.or_else(|| segments.last().cloned()))
                .flatten();
            self.raw.push(RawMention {
                line,
                segments,
                scope: scope.clone(),
                imported,
            });
        }
        at
    }

    /// `{a, b::{c, d}}` of a `use`.
    fn branches(&mut self, tokens: &[TokenTree], prefix: &[String], scope: &ModulePath) {
        for branch in tokens.split(|token| is_punct(token, ',')) {
            if !branch.is_empty() {
                self.path(branch, 0, prefix, scope, true);
            }
        }
    }
}

fn collect_functions(tokens: &[TokenTree], found: &mut Vec<Function>) {
    for (at, token) in tokens.iter().enumerate() {
        if let (true, Some(TokenTree::Ident(name))) = (is_word(token, "fn"), tokens.get(at + 1)) {
            // The body is the first brace group before the item ends; a trait's `fn f();` has none.
            let body = tokens[at..]
                .iter()
                .take_while(|token| !is_punct(token, ';'))
                .find_map(brace_group);
            if let Some(body) = body {
                let line = name.span().start().line;
                let lines = body.span_close().start().line - line + 1;
                found.push(Function {
                    name: name.to_string(),
                    line,
                    lines,
                });
            }
        }
        if let TokenTree::Group(group) = token {
            collect_functions(&group.stream().into_iter().collect::<Vec<_>>(), found);
        }
    }
}

fn brace_group(token: &TokenTree) -> Option<&Group> {
    let TokenTree::Group(group) = token else {
        return None;
    };
    (group.delimiter() == Delimiter::Brace).then_some(group)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    matches!(tokens.get(at..at + 2), Some([a, b]) if is_punct(a, ':') && is_punct(b, ':'))
}

fn follows_colons(tokens: &[TokenTree], at: usize) -> bool {
    at >= 2 && is_colons(tokens, at - 2)
}

#[test]
fn mentions_are_found_in_use_trees_bodies_macros_and_under_other_names() {
    let source = Source {
        path: "src/hub/name.rs".into(),
        text: r#"
            //! In a comment crate::ctl::a is nothing.
            use crate::wire::{self, chat::{Hello, Ack as Yes}};
            use super::room as chamber;
            pub(in crate::hub) fn f() {
                println!("{} crate::ctl::b", tokio::time::sleep(chamber::Door::open()));
            }
            mod tests { use super::*; fn g() { super::super::id::make(); } }
        "#
        .into(),
    };
    let modules = [
        vec!["hub"],
        vec!["hub", "room"],
        vec!["hub", "id"],
        vec!["wire"],
    ]
    .map(|path| path.into_iter().map(str::to_owned).collect())
    .into();
    let found: Vec<String> = source
        .mentions(&modules)
        .iter()
        .map(|mention| mention.path.join("::"))
        .collect();
    assert_eq!(
        found,
        [
            "crate::wire",
            "crate::wire::chat::Hello",
            "crate::wire::chat::Ack",
            "crate::hub::room",
            "tokio::time::sleep",
            "crate::hub::room::Door::open",
            "crate::hub::name",
            "crate::hub::id::make",
        ]
    );
}

#[test]
fn functions_are_measured_from_name_to_brace() {
    let text = "trait T { fn none(&self); }\nfn one() {}\nimpl X {\n    fn two<T>(\n    )\n    where T: U {\n    }\n}\n";
    let source = Source {
        path: "src/a.rs".into(),
        text: text.into(),
    };
    let found: Vec<(String, usize, usize)> = source
        .functions()
        .into_iter()
        .map(|function| (function.name, function.line, function.lines))
        .collect();
    assert_eq!(found, [("one".to_owned(), 2, 1), ("two".to_owned(), 4, 4)]);
}
