//! Keeping order where what may be kept of it is used up.

use super::story::Story;

#[test]
fn who_uses_up_what_may_wait_for_the_registry_keeps_no_server_operator_from_keeping_order() {
    let mut script = String::from(
        r"
        > operator makes account root: correct horse
        > root connects
        > root logs in to root: correct horse
          log: c1 is root, session 1
          root gets: logged in as root to root with 0 failed
          root gets unasked: in #lobby with 1
          root hears: root joined #lobby
        > eve arrives
        > eve joins #eve
          log: #eve opened
          eve gets: in #eve with 1
          eve hears: eve joined #eve
        > operator makes root a server operator
        > the registry is stuck
        ",
    );
    for _ in 0..500 {
        for value in ["on", "off"] {
            script.push_str(&format!(
                "> eve sets secret of #eve to {value}
                   log: c2 set secret of #eve to {value}
                   eve hears: eve set secret of #eve to {value}
                   eve gets: 0 sessions
                "
            ));
        }
    }
    script.push_str(
        r"
        > eve sets secret of #eve to on
          eve gets: refused: accounts_unavailable
        > root bans eve
          log: c1 began ban of eve everywhere
          eve, root hear: root began ban of eve everywhere
          root hears: eve quit: banned
          log: #eve closed
          eve is closed: banned
          root gets: 1 sessions
        > operator mutes spam*
          log: an operator began mute of spam* everywhere
          root hears: an operator began mute of spam* everywhere
          operator gets: 0 sessions
        ",
    );
    Story::with(|limits| limits.rate = 0.0).play(&script);
}
