//! Whose web pages may connect. A browser says of which origin (scheme, host and port) a page is that opens a
//! WebSocket, and only browsers say it: this keeps no program out.

/// Whether a page of this origin may connect: everyone's may where none is listed. A listed origin may have `*.`
/// ahead of its host, for every host below it.
pub(super) fn is_allowed(listed: &[String], origin: &str) -> bool {
    listed.is_empty() || listed.iter().any(|pattern| fits(pattern, origin))
}

fn fits(pattern: &str, origin: &str) -> bool {
    // Browsers write it in lower case; whoever wrote the list may not have.
    let (pattern, origin) = (pattern.to_ascii_lowercase(), origin.to_ascii_lowercase());
    let Some((scheme, host)) = pattern.split_once("://*.") else {
        return pattern == origin;
    };
    let below = origin
        .strip_prefix(scheme)
        .and_then(|rest| rest.strip_prefix("://"))
        .and_then(|rest| rest.strip_suffix(host))
        .and_then(|rest| rest.strip_suffix('.'));
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    below.is_some_and(|name| !name.is_empty() && name.bytes().all(is_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_listed_as_it_is_or_by_a_host_above_it() {
        let listed = ["https://chat.example", "https://*.example.org:8443", "null"];
        let listed = listed.map(str::to_owned);
        for origin in [
            "https://chat.example",
            "HTTPS://chat.example",
            "https://a.example.org:8443",
            "https://a.b.example.org:8443",
            "null",
        ] {
            assert!(is_allowed(&listed, origin), "{origin}");
            assert!(is_allowed(&[], origin), "{origin}");
        }
        for origin in [
            "http://chat.example",
            "https://chat.example:8443",
            "https://evil.chat.example",
            "https://example.org:8443",
            "https://.example.org:8443",
            "https://evilexample.org:8443",
            "https://a.example.org",
            "https://evil/.example.org:8443",
            "",
        ] {
            assert!(!is_allowed(&listed, origin), "{origin}");
        }
    }
}
