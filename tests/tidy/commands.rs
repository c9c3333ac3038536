//! What the documents tell people to type must exist: every command in a shell block, and every
//! `chatctl …` in running text, is held against the command line, the Makefile and the files.

use chatd::ctl::args::Args;
use clap::Parser;
use clap::error::ErrorKind;

use super::tree::Tree;

/// A command and where it is written.
#[derive(Debug)]
struct Typed {
    place: String,
    words: Vec<String>,
    /// In running text a command may stand without its arguments.
    is_whole: bool,
}

/// The commands in all Markdown that would not work, with their place.
pub(crate) fn wrong_commands(tree: &Tree) -> Vec<String> {
    let typed: Vec<Typed> = tree
        .texts()
        .filter(|(path, _)| path.ends_with(".md"))
        .flat_map(|(path, text)| commands(path, text))
        .collect();
    typed
        .iter()
        .filter_map(|typed| mistake(tree, typed))
        .collect()
}

/// All commands in a document's shell blocks, and those for chatctl in its text.
fn commands(name: &str, text: &str) -> Vec<Typed> {
    let mut found = Vec::new();
    let mut block = None;
    for (number, line) in (1..).zip(text.lines()) {
        let place = format!("{name}:{number}");
        if let Some(language) = line.trim_start().strip_prefix("```") {
            block = block.is_none().then(|| language.to_owned());
        } else if let Some(line) = typed_line(block.as_deref(), line) {
            let commands = shell_commands(line).into_iter();
            found.extend(commands.map(|words| Typed {
                place: place.clone(),
                words,
                is_whole: true,
            }));
        } else if block.is_none() {
            let spans = line.split('`').skip(1).step_by(2);
            for span in spans.filter(|span| span.starts_with("chatctl ")) {
                let commands = shell_commands(span).into_iter();
                found.extend(commands.map(|words| Typed {
                    place: place.clone(),
                    words,
                    is_whole: false,
                }));
            }
        }
    }
    found
}

/// What is typed in a line of a shell block; a console block has the answers too.
fn typed_line<'a>(language: Option<&str>, line: &'a str) -> Option<&'a str> {
    match language? {
        "sh" => Some(line),
        "console" => line.trim_start().strip_prefix("$ "),
        _ => None,
    }
}

/// The simple commands of a line, each as words: quotes, pipes, `&&` and comments, no more.
fn shell_commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    for sign in line.chars() {
        match (quote, sign) {
            (Some(open), _) if open == sign => quote = None,
            (None, '\'' | '"') => {
                quote = Some(sign);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ' ' | '|' | '&' | ';') => {
                commands
                    .last_mut()
                    .expect("never empty")
                    .extend(word.take());
                if sign != ' ' {
                    commands.push(Vec::new());
                }
            }
            _ => word.get_or_insert_default().push(sign),
        }
    }
    commands.last_mut().expect("never empty").extend(word);
    commands.retain(|words| !words.is_empty());
    commands
}

/// What is wrong with a command; those of other programs are not ours to judge.
fn mistake(tree: &Tree, typed: &Typed) -> Option<String> {
    let words: Vec<&str> = typed.words.iter().map(String::as_str).collect();
    let words = words.strip_prefix(&["sudo"]).unwrap_or(&words);
    let wrong = match words {
        ["chatctl", ..] => wrong_usage(words, typed.is_whole),
        ["make", target, ..] if !target.contains('=') => {
            (!is_make_target(tree, target)).then(|| format!("the Makefile has no {target}"))
        }
        ["cargo", "run", rest @ ..] => {
            let bin = rest.iter().skip_while(|word| **word != "--bin").nth(1);
            let typed_on = rest.iter().skip_while(|word| **word != "--").skip(1);
            match bin {
                Some(&"chatctl") => {
                    let words: Vec<&str> =
                        ["chatctl"].into_iter().chain(typed_on.copied()).collect();
                    wrong_usage(&words, true)
                }
                Some(&"chatd") | None => None,
                Some(other) => Some(format!("there is no binary {other}")),
            }
        }
        [script, ..] if script.starts_with("scripts/") || script.starts_with("tests/") => {
            (!tree.has(script)).then(|| format!("there is no {script}"))
        }
        _ => None,
    }?;
    Some(format!("{}: {}: {wrong}", typed.place, words.join(" ")))
}

fn wrong_usage(words: &[&str], is_whole: bool) -> Option<String> {
    let error = Args::try_parse_from(words).err()?;
    let is_short = matches!(
        error.kind(),
        ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    let is_fine = (is_short && !is_whole)
        || matches!(
            error.kind(),
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
        );
    (!is_fine).then(|| {
        error
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    })
}

fn is_make_target(tree: &Tree, target: &str) -> bool {
    tree.get("Makefile")
        .unwrap_or_default()
        .lines()
        .any(|line| {
            line.split_once(':')
                .is_some_and(|(targets, _)| targets.split(' ').any(|known| known == target))
        })
}

#[test]
fn a_command_that_does_not_work_is_found() {
    let text = "```sh\nmake everything\nls | sudo chatctl wohs  # x\nchatctl join\n```\n\
                `chatctl join` `chatctl log level --since 3m`\n\
                ```toml\nchatctl = 1\n```\n\
                ```sh\nscripts/dance && cargo run --bin chat\nmake all && chatctl who # fine\n```\n\
                ```console\n$ chatctl wherefore\nchatctl: no answer\n```\n";
    let tree = Tree::of(&[("a.md", text), ("Makefile", "all: x\n")]);
    let wrong = wrong_commands(&tree);
    let places: Vec<&str> = wrong
        .iter()
        .filter_map(|wrong| wrong.split(": ").next())
        .collect();
    assert_eq!(
        places,
        [
            "a.md:2", "a.md:3", "a.md:4", "a.md:6", "a.md:11", "a.md:11", "a.md:15"
        ],
        "{wrong:?}"
    );
}
