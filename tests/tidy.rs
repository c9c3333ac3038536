//! The house rules as tests: which module may import which, and what every file owes its reader.
//! Each rule lives in a module below, with a bad sample that proves that it can fail. Exceptions are
//! the two lists here, each with its reason; one that is no longer needed fails as well.

mod commands;
mod imports;
mod source;
mod text;
mod tree;

use source::Source;
use text::Exception;
use tree::Tree;

/// Source files that may have more than [`text::FILE_LINES_MAX`] lines.
const LONG_FILES: &[Exception] = &[];

/// Functions that may have more than [`text::FUNCTION_LINES_MAX`] lines.
const LONG_FUNCTIONS: &[Exception] = &[
    Exception {
        what: "src/ctl/join/lines.rs: tsv",
        because: "a flat match: one arm per object",
    },
    Exception {
        what: "src/ctl/join/talk/heard.rs: happened",
        because: "a flat match: one arm per object",
    },
    Exception {
        what: "src/daemon/protocol/chat/old/mod.rs: render_event",
        because: "a flat match: one arm per event",
    },
    Exception {
        what: "src/daemon/protocol/irc/event.rs: tell",
        because: "a flat match: one arm per event",
    },
    Exception {
        what: "src/daemon/protocol/irc/refusal.rs: write",
        because: "a flat match: one arm per refusal",
    },
    Exception {
        what: "src/daemon/protocol/irc/answer.rs: asked",
        because: "a flat match: one arm per kind of request",
    },
    Exception {
        what: "src/daemon/protocol/chat/v1/order.rs: about_room",
        because: "a flat match: one arm per event",
    },
    Exception {
        what: "src/daemon/admin/failure.rs: status_of",
        because: "a flat match: one arm per refusal",
    },
    Exception {
        what: "src/daemon/protocol/moderation.rs: told",
        because: "a flat match: one arm per event",
    },
    Exception {
        what: "src/hub/refusal.rs: code",
        because: "a flat match: one arm per refusal",
    },
    Exception {
        what: "src/hub/apply.rs: apply",
        because: "a flat match: one arm per change",
    },
    Exception {
        what: "src/daemon/protocol/sentence.rs: refusal",
        because: "a flat match: one arm per refusal",
    },
    Exception {
        what: "src/daemon/protocol/chat/v1/mod.rs: render_event",
        because: "a flat match: one arm per event",
    },
    Exception {
        what: "src/daemon/protocol/chat/v1/mod.rs: render_reply",
        because: "a flat match: one arm per answer",
    },
    Exception {
        what: "src/daemon/protocol/chat/v1/request.rs: command",
        because: "a flat match: one arm per request",
    },
    Exception {
        what: "src/hub/decide/mod.rs: decide",
        because: "a flat match: one arm per command",
    },
    Exception {
        what: "src/wire/chat/client.rs: from_fields",
        because: "a flat match: one arm per request",
    },
];

#[test]
fn imports_follow_the_table_in_lib_rs() {
    let tree = Tree::of_this_project();
    let table =
        imports::Table::parse(tree.text_of("src/lib.rs")).expect("the table is well formed");
    let crates = imports::declared_crates(tree.text_of("Cargo.toml"));
    report(&table.violations(&tree.rust_below("src/"), &crates));
}

#[test]
fn every_source_file_says_what_it_is() {
    let tree = Tree::of_this_project();
    let sources = tree.rust_below("");
    report(&each(&sources, text::missing_header));
}

#[test]
fn files_and_functions_are_short_or_excused() {
    // Not those of tests/: a story is as long as it is.
    let sources = Tree::of_this_project().rust_below("src/");
    let mut found = text::long_files(&sources, LONG_FILES);
    found.extend(text::long_functions(&sources, LONG_FUNCTIONS));
    report(&found);
}

#[test]
fn no_file_is_a_drawer_for_leftovers() {
    report(&text::vague_names(Tree::of_this_project().paths()));
}

#[test]
fn text_is_clean_and_names_no_machine() {
    let mut found = Vec::new();
    for (path, text) in Tree::of_this_project().texts() {
        found.extend(text::stray_whitespace(path, text));
        found.extend(text::machine_paths(path, text));
    }
    report(&found);
}

#[test]
fn links_in_the_documents_lead_somewhere() {
    let tree = Tree::of_this_project();
    report(&text::broken_links(&tree));
}

#[test]
fn commands_in_the_documents_work() {
    report(&commands::wrong_commands(&Tree::of_this_project()));
}

#[test]
fn the_architecture_names_every_folder() {
    let tree = Tree::of_this_project();
    report(&text::unnamed_folders(&tree, "ARCHITECTURE.md"));
}

fn each(sources: &[Source], rule: impl Fn(&Source) -> Option<String>) -> Vec<String> {
    sources.iter().filter_map(rule).collect()
}

/// Fails with all findings, one per line, so that one run names everything there is to mend.
fn report(found: &[String]) {
    assert!(
        found.is_empty(),
        "{} findings:\n{}",
        found.len(),
        found.join("\n")
    );
}
