//! A client that holds the server to the grammar of IRC: each line for itself, and the lines of one batch together.

/// What the specifications allow: the server's tags, then the rest with its end.
const TAGS_BYTES_MAX: usize = 8191;
const REST_BYTES_MAX: usize = 512;

/// What one client has been sent so far.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// References of the batches that have begun and not ended.
    open: Vec<String>,
}

impl Reader {
    /// Takes a line, which has lost its LF.
    ///
    /// # Panics
    /// When it is none, or belongs to a batch that is not open.
    pub(crate) fn read(&mut self, line: &str) {
        let inner = line
            .strip_suffix('\r')
            .unwrap_or_else(|| panic!("no CR: {line:?}"));
        assert!(!inner.contains(['\r', '\n', '\0']), "{line:?}");
        let (tags, rest) = match inner.strip_prefix('@') {
            Some(tagged) => tagged
                .split_once(' ')
                .unwrap_or_else(|| panic!("only tags: {line:?}")),
            None => ("", inner),
        };
        self.read_tags(tags, line);
        let bytes = rest.len() + 2;
        assert!(bytes <= REST_BYTES_MAX, "{bytes} bytes: {line:?}");
        let command = match rest.strip_prefix(':') {
            Some(sourced) => {
                let (source, command) = sourced
                    .split_once(' ')
                    .unwrap_or_else(|| panic!("only a source: {line:?}"));
                assert!(!source.is_empty(), "{line:?}");
                command
            }
            None => rest,
        };
        let mut words = command.split(' ');
        let verb = words.next().unwrap();
        let is_of_verb = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        assert!(!verb.is_empty() && verb.bytes().all(is_of_verb), "{line:?}");
        let head = command.split(" :").next().unwrap();
        let is_spaced = !head.contains("  ") && !head.ends_with(' ');
        assert!(is_spaced, "an empty param: {line:?}");
        if verb == "BATCH" {
            self.batch(words.next().unwrap_or_default(), line);
        }
    }

    /// Between two turns of the server: nothing that belongs together has come in part.
    ///
    /// # Panics
    /// When a batch is open.
    pub(crate) fn rest(&self) {
        assert!(self.open.is_empty(), "left open: {:?}", self.open);
    }

    fn read_tags(&self, tags: &str, line: &str) {
        let bytes = tags.len() + 2;
        assert!(bytes <= TAGS_BYTES_MAX, "{bytes} bytes of tags");
        let mut names = Vec::new();
        for tag in tags.split(';').filter(|_| !tags.is_empty()) {
            let (name, value) = tag.split_once('=').unwrap_or((tag, ""));
            assert!(!name.is_empty(), "a tag without a name: {line:?}");
            if name == "batch" {
                assert!(
                    self.open.iter().any(|it| it == value),
                    "no such batch: {line:?}"
                );
            }
            names.push(name);
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "a tag twice: {line:?}");
    }

    fn batch(&mut self, reference: &str, line: &str) {
        let is_open = |open: &[String], name: &str| open.iter().position(|it| it == name);
        if let Some(begun) = reference.strip_prefix('+') {
            assert!(is_open(&self.open, begun).is_none(), "twice: {line:?}");
            self.open.push(begun.to_owned());
        } else {
            let ended = reference.strip_prefix('-');
            let at = ended.and_then(|ended| is_open(&self.open, ended));
            let at = at.unwrap_or_else(|| panic!("no such batch: {line:?}"));
            self.open.remove(at);
        }
    }
}
