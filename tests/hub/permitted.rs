//! The table of roles and actions, tried out: for each action the commands that it stands for, given by
//! somebody of each role, in a room made for it. What passes must be what the table says, no more and no less.

use chatd::hub::permission::{Action, Role};

use super::story::Story;

/// How it is found out whether an action is possible.
struct Trial {
    action: Action,
    /// What `operator`, `vic` (a member), `out` (who is not) and `x` do before.
    before: &'static [&'static str],
    /// What `x` tries.
    command: &'static str,
    /// What somebody is told who may not.
    refused: &'static str,
}

const NOT_PERMITTED: &str = "x gets: refused: not_permitted";

const fn trial(action: Action, before: &'static [&'static str], command: &'static str) -> Trial {
    Trial {
        action,
        before,
        command,
        refused: NOT_PERMITTED,
    }
}

const TRIALS: [Trial; 38] = [
    trial(Action::SetTopic, &[], "x sets the topic of #dev: tools"),
    trial(
        Action::SetLockedTopic,
        &["operator sets topic-locked of #dev to on"],
        "x sets the topic of #dev: tools",
    ),
    trial(Action::Invite, &[], "x invites out into #dev"),
    trial(
        Action::InviteIntoClosed,
        &["operator sets invite-only of #dev to on"],
        "x invites out into #dev",
    ),
    trial(
        Action::InviteIntoClosed,
        &["operator sets key of #dev to sesame"],
        "x invites out into #dev",
    ),
    trial(
        Action::InviteIntoClosed,
        &["operator sets secret of #dev to on"],
        "x invites out into #dev",
    ),
    trial(
        Action::InviteIntoClosed,
        &["operator sets registered-only of #dev to on"],
        "x invites out into #dev",
    ),
    Trial {
        action: Action::SpeakModerated,
        before: &["operator sets moderated of #dev to on"],
        command: "x says to #dev: hello",
        refused: "x gets: refused: room_moderated",
    },
    Trial {
        action: Action::SpeakModerated,
        before: &["operator sets moderated of #dev to on"],
        command: "x sets the topic of #dev: hello",
        refused: "x gets: refused: room_moderated",
    },
    Trial {
        action: Action::SpeakMuted,
        before: &["operator mutes x in #dev"],
        command: "x says to #dev: hello",
        refused: "x gets: refused: muted",
    },
    Trial {
        action: Action::SpeakFast,
        before: &[
            "operator sets slow-mode of #dev to 60",
            "x says to #dev: one",
        ],
        command: "x says to #dev: two",
        refused: "x gets: refused: slow_mode for 60000 ms",
    },
    Trial {
        action: Action::SeeMembers,
        before: &["operator sets members-hidden of #dev to on"],
        command: "x asks about vic",
        refused: "x gets: vic is in [#lobby] with 1 sessions",
    },
    Trial {
        action: Action::EnterAnyway,
        before: &["x leaves #dev", "operator sets key of #dev to sesame"],
        command: "x joins #dev",
        refused: "x gets: refused: bad_room_key",
    },
    Trial {
        action: Action::EnterAnyway,
        before: &["x leaves #dev", "operator sets members-max of #dev to 1"],
        command: "x joins #dev",
        refused: "x gets: refused: room_full",
    },
    Trial {
        action: Action::EnterAnyway,
        before: &[
            "x leaves #dev",
            "operator sets join-throttle of #dev to 1/60",
            "out joins #dev",
        ],
        command: "x joins #dev",
        refused: "x gets: refused: joins_throttled for 60000 ms",
    },
    trial(Action::Kick, &[], "x kicks vic out of #dev"),
    trial(Action::Rule, &[], "x bans out in #dev"),
    trial(Action::Rule, &[], "x mutes vic in #dev for 5s"),
    trial(Action::Rule, &[], "x exempts account:vic in #dev"),
    trial(Action::Rule, &[], "x admits out in #dev"),
    trial(Action::Rule, &[], "x asks for rules of #dev"),
    trial(
        Action::Rule,
        &["operator mutes vic in #dev"],
        "x ends the mute of vic in #dev",
    ),
    trial(
        Action::RuleAddresses,
        &[],
        "x bans 10.0.0.0/8 in #dev for 5s",
    ),
    trial(
        Action::RuleAddresses,
        &["operator mutes 10.0.0.0/8 in #dev"],
        "x ends the mute of 10.0.0.0/8 in #dev",
    ),
    trial(Action::Set, &[], "x sets secret of #dev to on"),
    trial(Action::Persist, &[], "x sets persistent of #dev to on"),
    trial(
        Action::Persist,
        &["operator sets persistent of #dev to on"],
        "x sets persistent of #dev to off",
    ),
    trial(Action::Rename, &[], "x renames #dev to #work"),
    trial(Action::GrantVoice, &[], "x makes vic voiced in #dev"),
    trial(
        Action::GrantVoice,
        &["operator makes vic voiced in #dev"],
        "x makes vic nobody in #dev",
    ),
    trial(Action::GrantOperator, &[], "x makes vic operator in #dev"),
    trial(
        Action::GrantOperator,
        &["operator makes vic operator in #dev"],
        "x makes vic voiced in #dev",
    ),
    trial(Action::GrantOwner, &[], "x makes vic owner in #dev"),
    trial(
        Action::GrantOwner,
        &["operator makes vic owner in #dev"],
        "x makes vic nobody in #dev",
    ),
    trial(
        Action::DeleteOthers,
        &["vic says to #dev: spam"],
        "x deletes 1 of #dev",
    ),
    trial(Action::RuleServer, &[], "x kicks vic"),
    trial(Action::RuleServer, &[], "x mutes out for 5s"),
    trial(Action::RuleServer, &[], "x asks for rules"),
];

/// `x` of a role, `vic` in the room with them, `out` beside it.
fn stage(role: Role) -> Story {
    let mut story = Story::kept();
    story.settings(|settings| settings.rate = 0.0);
    for action in [
        "operator makes account x: correct horse",
        "x connects",
        "x logs in to x: correct horse",
        "vic arrives",
        "vic joins #dev",
        "out arrives",
        "x joins #dev",
        "operator makes vic nobody in #dev",
    ] {
        story.play_muted(action);
    }
    give(&mut story, "x", role);
    story
}

fn give(story: &mut Story, who: &str, role: Role) {
    match role {
        Role::Anyone => {}
        Role::Voiced | Role::Operator | Role::Owner => {
            let granted = story.told(&format!("operator makes {who} {} in #dev", role.name()));
            assert_eq!(granted.last().unwrap(), "operator gets: 0 sessions");
        }
        Role::ServerOperator => {
            story.play_muted(&format!("operator makes {who} a server operator"));
        }
    }
}

#[test]
fn every_role_can_do_what_the_table_says_and_nothing_else() {
    for trial in &TRIALS {
        for role in Role::ALL {
            let mut story = stage(role);
            for action in trial.before {
                story.play_muted(action);
            }
            let told = story.told(trial.command);
            let answer = told.iter().rfind(|line| line.starts_with("x gets: "));
            let answer = answer.unwrap_or_else(|| panic!("no answer: {told:?}"));
            let was_let = answer != trial.refused;
            let is_refusal = answer.starts_with("x gets: refused");
            assert!(
                !(was_let && is_refusal) && was_let == role.may(trial.action),
                "{role:?} of #dev: {}: {answer}",
                trial.command
            );
        }
    }
}

#[test]
fn no_action_of_the_table_is_left_untried() {
    for action in Action::ALL {
        assert!(TRIALS.iter().any(|it| it.action == action), "{action:?}");
    }
}

#[test]
fn nobody_takes_out_who_does_not_stand_below_them_but_owners_each_other() {
    for role in Role::ALL {
        for other in Role::ALL {
            let mut story = stage(role);
            for action in [
                "operator makes account y: correct horse",
                "y connects",
                "y logs in to y: correct horse",
                "y joins #dev",
            ] {
                story.play_muted(action);
            }
            give(&mut story, "y", other);
            let told = story.told("x kicks y out of #dev");
            let expected = match (role.may(Action::Kick), role.may_take_out(other)) {
                (false, _) => NOT_PERMITTED,
                (true, false) => "x gets: refused: outranked",
                (true, true) => "x gets: 1 sessions",
            };
            assert_eq!(told.last().unwrap(), expected, "{role:?} {other:?}");
        }
    }
}

/// Everyone who may make rules makes each kind, with and without an end; it holds until then, also over a
/// restart, and is listed for as long.
#[test]
fn every_effect_holds_for_its_time_whoever_ordered_it() {
    let mut tried = 0;
    for (verb, effect) in [
        ("bans", "ban"),
        ("mutes", "mute"),
        ("exempts", "exempt"),
        ("admits", "invite"),
    ] {
        for who in [
            Some(Role::Operator),
            Some(Role::Owner),
            Some(Role::ServerOperator),
            None,
        ] {
            for place in [" in #dev", ""] {
                for end in [" for 60s", ""] {
                    let is_server = place.is_empty();
                    let may = who.is_none_or(|it| !is_server || it.may(Action::RuleServer));
                    if may && !(is_server && effect == "invite") {
                        hold((verb, effect), who, place, end);
                        tried += 1;
                    }
                }
            }
        }
    }
    assert_eq!(tried, 4 * 4 * 2 + 3 * 2 * 2);
}

fn hold((verb, effect): (&str, &str), who: Option<Role>, place: &str, end: &str) {
    let mut story = stage(who.unwrap_or(Role::Anyone));
    story.engine.keep();
    story.play_muted("operator sets invite-only of #dev to on");
    if effect == "exempt" {
        story.play_muted(&format!("operator mutes out{place}"));
    }
    let by = who.map_or("operator", |_| "x");
    let order = format!("{by} {verb} ou?{place}{end}: because");
    let answer = story.told(&order).pop().unwrap();
    assert!(answer.contains("gets: "), "{order}: {answer}");
    assert!(!answer.contains("refused"), "{order}: {answer}");
    let of = if place.is_empty() { "" } else { " of #dev" };
    let listed = |story: &mut Story| {
        let rules = story.told(&format!("operator asks for rules{of}"));
        rules[0].contains(&format!("{effect} of ou? "))
    };
    assert!(listed(&mut story), "{order}");
    story.play_muted("30s pass");
    story.play_muted("the daemon starts anew");
    assert!(listed(&mut story), "{order}, after a restart");
    assert_eq!(
        tries(&mut story, effect, place),
        effect != "mute" && effect != "ban"
    );
    story.play_muted("29999ms pass");
    assert!(listed(&mut story), "{order}, at the end");
    story.play_muted("1ms pass");
    assert_eq!(
        listed(&mut story),
        end.is_empty(),
        "{order}, behind its end"
    );
    let is_over = !end.is_empty();
    let was_for = effect != "mute" && effect != "ban";
    assert_eq!(tries(&mut story, effect, place), was_for != is_over);
}

/// Whether somebody called `out` can do what the rule is about.
fn tries(story: &mut Story, effect: &str, place: &str) -> bool {
    let is_server = place.is_empty();
    story.play_muted("out connects");
    let login = story.told("out logs in as out");
    if effect == "ban" && is_server {
        let is_in = login
            .iter()
            .any(|line| line.starts_with("out gets: logged in"));
        story.play_muted("out drops");
        return is_in;
    }
    if !is_server && effect != "invite" {
        // The way in is not what this is about.
        story.play_muted("operator sets invite-only of #dev to off");
    }
    let room = if is_server { "#lobby" } else { "#dev" };
    let joined = story.told(&format!("out joins {room}"));
    let spoken = story.told(&format!("out says to {room}: hello"));
    let answer = match effect {
        "ban" | "invite" => joined.iter().find(|line| line.starts_with("out gets: ")),
        _ => spoken.iter().find(|line| line.starts_with("out gets: ")),
    };
    let was_let = !answer
        .expect("every request is answered")
        .contains("refused");
    story.play_muted("out quits");
    was_let
}
