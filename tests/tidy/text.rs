//! The rules about what people read: headers, lengths, names, white space, links, the map. Each is
//! a function from texts to findings; none reads the disk.

use std::collections::BTreeSet;

use super::source::Source;
use super::tree::Tree;

/// Past this, two things probably live in one file. The tests at its end are not counted.
pub(crate) const FILE_LINES_MAX: usize = 400;

/// Past this, a function no longer fits a screen.
pub(crate) const FUNCTION_LINES_MAX: usize = 70;

/// Something that may be long, and why.
#[derive(Debug)]
pub(crate) struct Exception {
    /// `src/a.rs`, or `src/a.rs: function`.
    pub(crate) what: &'static str,
    pub(crate) because: &'static str,
}

/// A Rust file begins by saying what lives in it.
pub(crate) fn missing_header(source: &Source) -> Option<String> {
    let first = source.text.lines().next().unwrap_or_default();
    let said = first
        .strip_prefix("//! ")
        .is_some_and(|words| !words.trim().is_empty());
    (!said).then(|| {
        format!(
            "{}:1: begin with a //! header: what lives here",
            source.path
        )
    })
}

pub(crate) fn long_files(sources: &[Source], excused: &[Exception]) -> Vec<String> {
    let long = sources.iter().filter_map(|source| {
        let code = source.text.split("\n#[cfg(test)]\n").next();
        let lines = code.unwrap_or_default().lines().count();
        (lines > FILE_LINES_MAX).then(|| (source.path.clone(), format!("{lines} lines")))
    });
    unexcused(long, excused)
}

pub(crate) fn long_functions(sources: &[Source], excused: &[Exception]) -> Vec<String> {
    let long = sources.iter().flat_map(|source| {
        let long = source
            .functions()
            .into_iter()
            .filter(|f| f.lines > FUNCTION_LINES_MAX);
        long.map(|f| {
            (
                format!("{}: {}", source.path, f.name),
                format!("{} lines", f.lines),
            )
        })
    });
    unexcused(long, excused)
}

/// What is long without an excuse, and the excuses that nothing needs.
fn unexcused(long: impl Iterator<Item = (String, String)>, excused: &[Exception]) -> Vec<String> {
    let mut unneeded: BTreeSet<&str> = excused.iter().map(|exception| exception.what).collect();
    let mut found: Vec<String> = long
        .filter(|(what, _)| !unneeded.remove(what.as_str()))
        .map(|(what, size)| format!("{what}: {size}"))
        .collect();
    found.extend(
        unneeded
            .iter()
            .map(|what| format!("{what}: is not long, or not there")),
    );
    found.extend(
        excused
            .iter()
            .filter(|exception| exception.because.is_empty())
            .map(|exception| format!("{}: excused without a reason", exception.what)),
    );
    found
}

/// Names that say nothing attract everything.
pub(crate) fn vague_names<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    const VAGUE: [&str; 7] = [
        "common", "helper", "helpers", "misc", "prelude", "util", "utils",
    ];
    paths
        .filter(|path| path.split(['/', '.']).any(|part| VAGUE.contains(&part)))
        .map(|path| format!("{path}: name it after what lives in it"))
        .collect()
}

pub(crate) fn stray_whitespace(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.ends_with([' ', '\t']) {
            found.push(format!(
                "{path}:{number}: white space at the end of the line"
            ));
        }
        // make asks for tabs.
        if line.contains('\t') && path != "Makefile" {
            found.push(format!("{path}:{number}: a tab"));
        }
        if line.contains('\r') {
            found.push(format!("{path}:{number}: a carriage return"));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        found.push(format!("{path}: the last line has no end"));
    }
    found
}

/// Paths that exist on one developer's machine only.
pub(crate) fn machine_paths(path: &str, text: &str) -> Vec<String> {
    // In two parts, so that this file does not find itself.
    const HOMES: [(&str, &str); 4] = [
        ("/ho", "me/"),
        ("/Us", "ers/"),
        ("/wo", "rk/"),
        ("/wo", "rkspace/"),
    ];
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for (start, end) in HOMES {
            let home = format!("{start}{end}");
            // `$dir/work/` and `docs/home/` are no absolute paths.
            let absolute = line.match_indices(&home).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                before.is_none_or(|sign| !(sign.is_alphanumeric() || "._-}".contains(sign)))
            });
            if absolute {
                found.push(format!("{path}:{number}: {home} is a path of one machine"));
            }
        }
    }
    found
}

/// Relative links in Markdown must lead to a file, and to a heading where they name one.
pub(crate) fn broken_links(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| path.ends_with(".md")) {
        for (number, line) in (1..).zip(text.lines()) {
            for rest in line.split("](").skip(1) {
                let target = rest.split(')').next().unwrap_or_default();
                if target.contains("://") || target.starts_with("mailto:") {
                    continue;
                }
                if !leads_somewhere(tree, path, target) {
                    found.push(format!("{path}:{number}: nothing is at {target}"));
                }
            }
        }
    }
    found
}

fn leads_somewhere(tree: &Tree, from: &str, target: &str) -> bool {
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let file = match (file, from.rsplit_once('/')) {
        ("", _) => from.to_owned(),
        (file, Some((folder, _))) => resolve(folder, file),
        (file, None) => resolve("", file),
    };
    if heading.is_empty() {
        return tree.has(&file);
    }
    tree.get(&file).is_some_and(|text| {
        text.lines()
            .any(|line| anchor(line).as_deref() == Some(heading))
    })
}

fn resolve(folder: &str, file: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The anchor that a heading gets where Markdown is shown: small letters, words joined by `-`.
fn anchor(line: &str) -> Option<String> {
    let title = line.strip_prefix('#')?.trim_start_matches('#').trim();
    let kept = title.to_lowercase();
    let kept = kept
        .chars()
        .filter(|sign| sign.is_alphanumeric() || " -_".contains(*sign));
    Some(
        kept.map(|sign| if sign == ' ' { '-' } else { sign })
            .collect(),
    )
}

/// The map names every folder with Rust in it, and no source that is not there.
pub(crate) fn unnamed_folders(tree: &Tree, map: &str) -> Vec<String> {
    let text = tree.text_of(map);
    let folders: BTreeSet<&str> = tree
        .paths()
        .filter(|path| path.starts_with("src/") && path.ends_with(".rs"))
        .filter_map(|path| path.rsplit_once('/').map(|(folder, _)| folder))
        .collect();
    let unnamed = folders
        .iter()
        .filter(|folder| {
            let name = folder.rsplit('/').next().unwrap_or_default();
            !text.contains(&format!("{name}/"))
        })
        .map(|folder| format!("{map}: {folder}/ is not on the map"));
    let gone = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.starts_with("src/") && !word.contains(['*', '{', ' ']))
        .filter(|word| !tree.has(word))
        .map(|word| format!("{map}: {word} does not exist"));
    unnamed.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source {
            path: "src/a.rs".into(),
            text: text.into(),
        }
    }

    #[test]
    fn a_file_without_a_header_is_found() {
        assert_eq!(missing_header(&source("//! The a's.\n")), None);
        for bad in ["", "//!\n", "use std::io;\n", "// The a's.\n"] {
            assert!(missing_header(&source(bad)).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn length_needs_an_excuse_and_an_excuse_needs_length() {
        let long = source(&format!(
            "fn f() {{\n{}}}\n",
            "    g();\n".repeat(FILE_LINES_MAX)
        ));
        let tests = "\n    // a story".repeat(FILE_LINES_MAX);
        let short = source(&format!(
            "fn f() {}\n\n#[cfg(test)]\nmod tests {{{tests}\n}}\n",
            "{}"
        ));
        let file = [Exception {
            what: "src/a.rs",
            because: "a table",
        }];
        let function = [Exception {
            what: "src/a.rs: f",
            because: "a flat match",
        }];
        let long = std::slice::from_ref(&long);
        let short = std::slice::from_ref(&short);

        assert_eq!(long_files(long, &[]), ["src/a.rs: 402 lines"]);
        assert_eq!(long_files(long, &file), [""; 0]);
        assert_eq!(
            long_files(short, &file),
            ["src/a.rs: is not long, or not there"]
        );
        assert_eq!(long_functions(long, &[]), ["src/a.rs: f: 402 lines"]);
        assert_eq!(long_functions(long, &function), [""; 0]);
        assert_eq!(long_functions(short, &[]), [""; 0]);

        let reasonless = [Exception {
            what: "src/a.rs",
            because: "",
        }];
        assert_eq!(
            long_files(long, &reasonless),
            ["src/a.rs: excused without a reason"]
        );
    }

    #[test]
    fn drawers_are_found_wherever_they_stand() {
        let paths = [
            "src/hub/room.rs",
            "src/utils/room.rs",
            "tests/helper.rs",
            "src/commons.rs",
        ];
        assert_eq!(
            vague_names(paths.into_iter()),
            [
                "src/utils/room.rs: name it after what lives in it",
                "tests/helper.rs: name it after what lives in it",
            ]
        );
    }

    #[test]
    fn stray_white_space_is_found() {
        assert_eq!(stray_whitespace("a.md", "one\n\ntwo\n"), [""; 0]);
        assert_eq!(stray_whitespace("a.md", ""), [""; 0]);
        assert_eq!(
            stray_whitespace("Makefile", "all:\n\tcargo build\n"),
            [""; 0]
        );
        assert_eq!(
            stray_whitespace("a.md", "one \n\ttwo\nthree\r\nfour"),
            [
                "a.md:1: white space at the end of the line",
                "a.md:2: a tab",
                "a.md: the last line has no end",
            ]
        );
        assert_eq!(
            stray_whitespace("a.md", "a\rb\n"),
            ["a.md:1: a carriage return"]
        );
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        let home = format!("{}{}", "/ho", "me/");
        assert_eq!(machine_paths("a.sh", &format!("cd x{home}me\n")), [""; 0]);
        assert_eq!(
            machine_paths("a.sh", &format!("one\ncd {home}me\n")),
            [format!("a.sh:2: {home} is a path of one machine")]
        );
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let tree = Tree::of(&[
            (
                "README.md",
                "[a](docs/a.md) [b](docs/b.md) [c](https://example.org)\n[d](docs/a.md#the-end) [e](docs/a.md#no)\n",
            ),
            (
                "docs/a.md",
                "# The `end`\n[up](../README.md) [down](README.md) [here](#the-end)\n",
            ),
        ]);
        assert_eq!(
            broken_links(&tree),
            [
                "README.md:1: nothing is at docs/b.md",
                "README.md:2: nothing is at docs/a.md#no",
                "docs/a.md:2: nothing is at README.md",
            ]
        );
    }

    #[test]
    fn a_folder_off_the_map_and_a_place_that_is_gone_are_found() {
        let tree = Tree::of(&[
            ("MAP.md", "hub/ is in `src/hub/`, and `src/store/` keeps\n"),
            ("src/hub/mod.rs", ""),
            ("src/wire/mod.rs", ""),
            ("src/lib.rs", ""),
        ]);
        assert_eq!(
            unnamed_folders(&tree, "MAP.md"),
            [
                "MAP.md: src/wire/ is not on the map",
                "MAP.md: `src/store/` does not exist"
                    .replace('`', "")
                    .as_str()
            ]
        );
    }
}
