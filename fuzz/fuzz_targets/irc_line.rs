//! Any bytes to the parser of IRC lines: it never panics, what it finds stands in the line, in its order, and parsing
//! what it found again finds the same.

#![no_main]

use chatd::daemon::protocol::irc::line::Line;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some(line) = Line::parse(text) else {
        return;
    };
    assert!(!line.verb.is_empty() && !line.verb.contains(' '));
    assert!(line.params.len() <= 15);
    let (last, middle) = match line.params.split_last() {
        Some((last, middle)) => (Some(*last), middle),
        None => (None, &[][..]),
    };
    for param in middle {
        assert!(!param.is_empty() && !param.contains(' ') && !param.starts_with(':'));
    }
    // Behind a source a verb may begin like one.
    let mut again = format!(":x {}", line.verb);
    for param in middle {
        again.push(' ');
        again.push_str(param);
    }
    if let Some(last) = last {
        again.push_str(" :");
        again.push_str(last);
    }
    let parsed = Line::parse(&again).expect("it has a verb");
    assert_eq!(
        (parsed.verb, &parsed.params[..]),
        (line.verb, &line.params[..])
    );
    let tags = line.client_tags();
    assert!(!tags.contains(' '));
});
