//! Objects out of byte streams: single cases, and properties that hold for any bytes cut anywhere.

use proptest::prelude::*;

use super::*;

/// All that a splitter says of a stream that comes in these pieces, and the most memory it held.
fn split(pieces: &[&[u8]], frame_bytes: usize) -> (Vec<Result<String, FrameError>>, usize) {
    let mut splitter = Splitter::new();
    let mut found = Vec::new();
    let mut held = 0;
    for piece in pieces {
        let mut rest = *piece;
        while let Some(step) = splitter.next(&mut rest, frame_bytes) {
            found.push(step.map(Cow::into_owned));
            held = held.max(splitter.held_bytes());
        }
        assert!(rest.is_empty());
        held = held.max(splitter.held_bytes());
    }
    (found, held)
}

fn whole(stream: impl AsRef<[u8]>) -> Vec<Result<String, FrameError>> {
    split(&[stream.as_ref()], 64).0
}

fn object(text: &str) -> Result<String, FrameError> {
    Ok(text.to_owned())
}

#[test]
fn glued_and_spaced_objects_come_one_by_one() {
    assert_eq!(
        whole("{}{\"a\":[{}]}\n \t\r\n{\"b\":\"}{\\\"\\\\\"}"),
        [
            object("{}"),
            object("{\"a\":[{}]}"),
            object("{\"b\":\"}{\\\"\\\\\"}")
        ]
    );
}

#[test]
fn an_object_that_is_whole_in_the_input_is_borrowed_and_none_is_held() {
    let mut splitter = Splitter::new();
    let mut input: &[u8] = b"{\"a\":1}";
    let found = splitter.next(&mut input, 64);
    assert!(matches!(found, Some(Ok(Cow::Borrowed("{\"a\":1}")))));
    assert_eq!(splitter.held_bytes(), 0);
}

#[test]
fn the_carry_is_freed_with_the_object() {
    let mut splitter = Splitter::new();
    assert_eq!(
        splitter.next(&mut "{\"name\":\"\u{d55c}".as_bytes(), 64),
        None
    );
    assert!(splitter.held_bytes() > 0);
    assert!(splitter.next(&mut b"\"}".as_slice(), 64).is_some());
    assert_eq!(splitter.held_bytes(), 0);
}

#[test]
fn a_run_of_garbage_is_one_error_and_ends_at_a_line_or_an_object() {
    assert_eq!(
        whole("GET / HTTP/1.1\r\nHost: x\r\n\r\n]]{}"),
        [
            Err(FrameError::NotAnObject),
            Err(FrameError::NotAnObject),
            Err(FrameError::NotAnObject),
            object("{}")
        ]
    );
}

#[test]
fn an_object_of_the_longest_length_passes_and_one_byte_more_is_skipped() {
    let longest = format!("{{\"a\":\"{}\"}}", "x".repeat(64 - 8));
    let too_long = format!("{{\"a\":\"{}\"}}", "{".repeat(64 - 7));
    assert_eq!(
        whole(format!("{too_long}{longest}")),
        [Err(FrameError::TooLong { max: 64 }), object(&longest)]
    );
}

#[test]
fn too_deep_nesting_is_one_error_and_skipped() {
    let deepest = format!("{}{}", "{".repeat(32), "}".repeat(32));
    let bomb = format!("{{\"a\":{}{}}}", "[".repeat(50), "]".repeat(50));
    let (found, _) = split(&[format!("{bomb}{deepest}").as_bytes()], 1000);
    assert_eq!(found, [Err(FrameError::TooDeep), object(&deepest)]);
}

#[test]
fn an_open_string_costs_its_line_only() {
    assert_eq!(
        whole("{\"text\":\"no end}\n{\"a\":1}"),
        [Err(FrameError::OpenString), object("{\"a\":1}")]
    );
}

#[test]
fn bytes_that_are_not_utf8_spoil_their_object_only() {
    assert_eq!(
        whole(b"{\"a\":\"\xff\"}{}"),
        [Err(FrameError::NotUtf8), object("{}")]
    );
}

#[test]
fn a_stream_without_an_end_is_given_up_and_stays_so() {
    for endless in ["{\"a\":\"", "xx"] {
        let mut stream = endless.as_bytes().to_vec();
        stream.resize(2 * SKIP_BYTES_MAX, b'x');
        stream.extend(b"\"}\n{}");
        let (found, held) = split(&[&stream], 64);
        assert_eq!(found.last(), Some(&Err(FrameError::Lost)), "{endless}");
        assert_eq!(
            found.len(),
            2,
            "one error when it begins, one when it is given up"
        );
        assert_eq!(held, 0);
    }
}

#[test]
fn the_greeting_is_a_line_and_the_rest_stays() {
    let mut greeting = Greeting::new();
    assert_eq!(greeting.next(&mut b"Welcome to ".as_slice()), None);
    let mut input: &[u8] = b"chatd {1}\r\n{}";
    assert_eq!(
        greeting.next(&mut input).as_deref(),
        Some("Welcome to chatd {1}")
    );
    assert_eq!(input, b"{}");
}

/// Streams that look like what the splitter has to deal with.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "\\{\"(type|text|\u{e9}|\u{d55c}|\u{1f600})\":(\"[a-z{}\\[\\]\u{d55c}]{0,9}(\\\\[\"n\\\\])?\"|[0-9]{1,3}|null|\\[\\]|\\{\\})\\}"
            .prop_map(String::into_bytes),
        2 => "[ \t\r\n]{0,3}".prop_map(String::into_bytes),
        1 => "[{}\\[\\]\"\\\\a\n]{0,9}".prop_map(String::into_bytes),
        1 => Just([b'{', b'"', 0xff, b'"', b'}'].to_vec()),
        1 => (1_usize..60).prop_map(|depth| [b"{\"a\":".as_slice(), &b"[".repeat(depth), &b"]".repeat(depth), b"}"].concat()),
        1 => (1_usize..200).prop_map(|length| [b"{\"a\":\"".as_slice(), &b"y".repeat(length), b"\"}"].concat()),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn where_the_stream_is_cut_changes_nothing_and_memory_is_bounded(
        bytes in stream(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts.into_iter().chain([bytes.len()]) {
            pieces.push(&bytes[from..cut]);
            from = cut;
        }
        let (in_one, _) = split(&[&bytes], 64);
        let (in_pieces, held) = split(&pieces, 64);
        prop_assert_eq!(&in_one, &in_pieces);
        prop_assert!(held <= 2 * 64, "{} bytes held", held);
        let (byte_by_byte, _) = split(&bytes.chunks(1).collect::<Vec<_>>(), 64);
        prop_assert_eq!(&in_one, &byte_by_byte);
    }

    #[test]
    fn every_object_comes_out_whatever_is_between(
        values in proptest::collection::vec("\\PC{0,20}", 1..10),
        white in "[ \t\r\n]{0,3}",
    ) {
        let objects: Vec<String> = values
            .iter()
            .map(|value| serde_json::json!({ "text": value }).to_string())
            .collect();
        let (found, _) = split(&[objects.join(&white).as_bytes()], 1000);
        let expected: Vec<_> = objects.into_iter().map(Ok).collect();
        prop_assert_eq!(found, expected);
    }
}
