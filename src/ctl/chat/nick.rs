//! The nick of whoever did not choose one: `$CHATD_NICK`, else the user name of this machine, made
//! fit for a nick, with a number behind it when somebody else has it.

/// Names tried before giving up: the name itself and eight numbers.
const ATTEMPTS: usize = 9;

/// Longest name kept, in characters: chatd allows 32, and a number must fit behind it.
const NAME_CHARS_MAX: usize = 28;

/// The nicks to try, in order. One that was chosen (`chosen`) is tried alone.
pub fn candidates(chosen: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    if let Some(chosen) = chosen {
        return vec![chosen.to_owned()];
    }
    let name = ["CHATD_NICK", "USER", "LOGNAME"]
        .into_iter()
        .filter_map(variable)
        .map(|value| fit(&value))
        .find(|value| !value.is_empty())
        .unwrap_or_else(|| "guest".to_owned());
    let numbered = (2..=ATTEMPTS).map(|number| format!("{name}{number}"));
    std::iter::once(name.clone()).chain(numbered).collect()
}

/// Leaves out what no nick may hold.
fn fit(value: &str) -> String {
    value
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control() && !"@#,:!*?".contains(*c))
        .take(NAME_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_nick_is_the_only_one() {
        assert_eq!(candidates(Some("ana"), |_| Some("x".into())), ["ana"]);
    }

    #[test]
    fn without_choice_the_user_name_and_numbers() {
        let nicks = candidates(None, |name| (name == "USER").then(|| "ben@home".into()));
        assert_eq!(nicks[..3], ["benhome", "benhome2", "benhome3"]);
        assert_eq!(nicks.len(), ATTEMPTS);
        assert_eq!(candidates(None, |_| None)[0], "guest");
        let both = |name: &str| Some(if name == "USER" { "ben" } else { "bot" }.to_owned());
        assert_eq!(candidates(None, both)[0], "bot");
    }
}
