//! Passwords are guessed at: the stranger is slowed, and the owner still gets in.

use std::time::Duration;

use chatd::hub::output::{Audit, Reply};
use chatd::hub::refusal::Refusal;

use super::engine::Seen;
use super::story::Story;

/// An account that strangers guess at without end: one on this machine, one from a network of their own.
struct Siege {
    story: Story,
    /// Passwords that were looked at.
    guesses: usize,
}

const STRANGERS: [(&str, &str); 2] = [("eve", "127.0.0.1"), ("mallory", "203.0.113.66")];

impl Siege {
    fn new() -> Self {
        let mut story = Story::with(|settings| settings.rate = 0.0);
        story.play_muted("operator makes account ana: correct horse");
        Self { story, guesses: 0 }
    }

    /// Each stranger tries ten times in a second, connected all the time.
    fn goes_on_for(&mut self, time: Duration) {
        for _ in 0..time.as_millis() / 100 {
            for (who, address) in STRANGERS {
                if !self.story.is_here(who) {
                    self.story
                        .play_muted(&format!("{who} connects from {address}"));
                }
                let seen = self
                    .story
                    .play_muted(&format!("{who} logs in to ana: wrong horse"));
                self.guesses += seen.iter().filter(|it| is_guess(it)).count();
            }
            self.story.play_muted("100ms pass");
        }
    }

    /// Ana comes from there and tries again as she is told; how long until she is in.
    fn ana_gets_in_from(&mut self, address: &str) -> Duration {
        let since = self.story.engine.now.uptime;
        loop {
            if !self.story.is_here("ana") {
                self.story
                    .play_muted(&format!("ana connects from {address}"));
            }
            let seen = self.story.play_muted("ana logs in to ana: correct horse");
            match seen.iter().find_map(wait_of) {
                Some(wait) => self.goes_on_for(wait + Duration::from_millis(99)),
                None => break,
            }
        }
        let took = self.story.engine.now.uptime - since;
        let mine = self.story.session("ana");
        assert!(
            self.story
                .engine
                .hub
                .sessions()
                .iter()
                .any(|it| it.session == mine && it.nick.is_some())
        );
        self.story.play_muted("ana drops");
        took
    }
}

fn is_guess(seen: &Seen) -> bool {
    matches!(seen, Seen::Logged(Audit::LoginFailed { .. }))
}

fn wait_of(seen: &Seen) -> Option<Duration> {
    let Seen::Replied(_, _, Reply::Refused(Refusal::LoginSlowed { retry_after_ms })) = seen else {
        return None;
    };
    Some(Duration::from_millis(*retry_after_ms))
}

#[test]
fn strangers_who_never_stop_do_not_keep_the_owner_out() {
    let mut siege = Siege::new();
    let usual = "198.51.100.1";
    assert_eq!(siege.ana_gets_in_from(usual), Duration::ZERO);
    let hour = Duration::from_secs(3600);
    siege.goes_on_for(hour);
    let most = hour.as_secs() / 10 + 20;
    assert!(siege.guesses as u64 <= most, "{}", siege.guesses);
    assert_eq!(siege.ana_gets_in_from(usual), Duration::ZERO);
    // Each wait of 10 s is hers with a chance of one in two or more, whatever place she comes from: less than
    // one time in a thousand it is more than ten of them.
    let bound = Duration::from_secs(100);
    for number in 1..=5 {
        let took = siege.ana_gets_in_from(&format!("198.51.100.{}", 100 + number));
        assert!(took <= bound, "{took:?} from a new address");
    }
    let took = siege.ana_gets_in_from("127.0.0.1");
    assert!(took <= bound, "{took:?} on this machine");
}

#[test]
fn guesses_under_way_count_as_failed_ones() {
    let mut story = Story::with(|settings| settings.rate = 0.0);
    story.play_muted("operator makes account ana: correct horse");
    story.play_muted("the store takes its time");
    for number in 0..66 {
        story.play_muted(&format!("eve{number} connects from 127.0.0.1"));
        story.play_muted(&format!("eve{number} logs in to ana: wrong horse"));
    }
    let answered = story.play_muted("the registry answers");
    let tried = |it: &&Seen| matches!(it, Seen::Logged(Audit::LoginFailed { .. }));
    assert_eq!(answered.iter().filter(tried).count(), 6);
    story.play_muted("3s pass");
    story.play(
        r"
        > eve7 logs in to ana: wrong horse
        > eve8 logs in to ana: wrong horse
          eve8 gets: refused: login_slowed for 1000 ms
        > 6s pass
        > eve8 logs in to ana: wrong horse
          eve8 gets: refused: login_slowed for 1000 ms
    ",
    );
}
