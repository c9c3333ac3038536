//! Keeping order over the admin socket: what is answered, what is described, and what the log may have of it.

use serde_json::{Value, json};

use super::api::must_fit;
use super::fake::{Fake, on_one_thread};

#[test]
fn every_order_is_carried_out_as_described_and_logged_without_its_text() {
    on_one_thread(async {
        let fake = Fake::start("");
        let (_, api) = fake.get("/v1/openapi.json").await;
        let sekrit = "sekrit";
        let rule = |effect: &str, subject: &str| json!({"effect": effect, "subject": subject});
        let with = |mut body: Value, field: &str, value: Value| {
            body[field] = value;
            body
        };
        let in_lobby = |body: Value| with(body, "room", json!("#lobby"));
        let orders = [
            (
                "post",
                "/v1/kick",
                in_lobby(json!({"nick": "ana", "reason": sekrit})),
                200,
            ),
            (
                "post",
                "/v1/kick",
                json!({"nick": "ana", "room": "#attic"}),
                404,
            ),
            (
                "post",
                "/v1/kick",
                json!({"nick": "ana", "room": "lobby"}),
                400,
            ),
            (
                "post",
                "/v1/rules",
                with(rule("ban", "b*"), "lasts_s", json!(60)),
                200,
            ),
            (
                "post",
                "/v1/rules",
                with(in_lobby(rule("mute", "b*")), "reason", json!(sekrit)),
                200,
            ),
            (
                "post",
                "/v1/rules",
                with(rule("ban", "10.0.0.1"), "evicts", json!(false)),
                200,
            ),
            ("post", "/v1/rules", rule("invite", "b*"), 400),
            ("post", "/v1/rules", rule("ban", "sekrit sekrit"), 400),
            ("post", "/v1/rules", rule("ban", "127.0.0.1"), 400),
            (
                "post",
                "/v1/rules",
                with(rule("ban", "b*"), "lasts_s", json!(0)),
                400,
            ),
            (
                "post",
                "/v1/rules",
                with(rule("ban", "b*"), "lasts_s", json!(315_360_000)),
                400,
            ),
            (
                "post",
                "/v1/rules",
                with(rule("ban", "b*"), "room", json!("#attic")),
                404,
            ),
            (
                "post",
                "/v1/rules/end",
                in_lobby(rule("mute", "SPAM*")),
                200,
            ),
            ("post", "/v1/rules/end", rule("ban", "nobody"), 404),
            (
                "put",
                "/v1/room",
                in_lobby(json!({"setting": "key", "value": sekrit})),
                200,
            ),
            (
                "put",
                "/v1/room",
                in_lobby(json!({"setting": "words", "value": "off"})),
                200,
            ),
            (
                "put",
                "/v1/room",
                in_lobby(json!({"setting": sekrit, "value": "on"})),
                400,
            ),
            (
                "put",
                "/v1/room",
                json!({"room": "#attic", "setting": "secret", "value": "on"}),
                404,
            ),
            (
                "put",
                "/v1/room/role",
                in_lobby(json!({"nick": "ana", "role": "operator"})),
                200,
            ),
            (
                "put",
                "/v1/room/role",
                in_lobby(json!({"nick": "ben", "role": "none"})),
                404,
            ),
        ];
        for (method, path, body, expected) in &orders {
            let (status, answer) = fake
                .ask(&method.to_uppercase(), path, &body.to_string(), &[])
                .await;
            assert_eq!(status, *expected, "{method} {path} {body}: {answer}");
            must_fit(&api, method, path, status, &answer);
        }
        let log = fake.stop().await;
        let audited = log.lines().filter(|line| line.contains("chatd::audit"));
        assert_eq!(audited.count(), orders.len(), "{log}");
        for line in [
            "action=\"kick\" about=\"ana in #lobby\" outcome=\"done\"",
            "action=\"rule add\" about=\"ban of b*\" outcome=\"done\"",
            "action=\"rule end\" about=\"mute of spam* in #lobby\" outcome=\"done\"",
            "action=\"rule end\" about=\"ban of nobody\" outcome=\"no_such_rule\"",
            "action=\"room set\" about=\"key of #lobby\" outcome=\"done\"",
            "action=\"room role\" about=\"ana in #lobby: operator\" outcome=\"done\"",
        ] {
            assert!(log.contains(line), "{line}\n{log}");
        }
        assert!(!log.contains(sekrit), "{log}");
    });
}

#[test]
fn what_is_done_is_said_in_a_sentence() {
    on_one_thread(async {
        let fake = Fake::start("");
        for (method, path, body, done) in [
            (
                "POST",
                "/v1/kick",
                json!({"nick": "ana", "room": "#lobby"}),
                "ana was taken out of #lobby, in 1 session",
            ),
            (
                "POST",
                "/v1/rules",
                json!({"effect": "ban", "subject": "B*", "room": "#lobby"}),
                "b* was banned from #lobby, and taken out in 1 session",
            ),
            (
                "POST",
                "/v1/rules",
                json!({"effect": "ban", "subject": "b*", "evicts": false}),
                "b* was banned from the server",
            ),
            (
                "POST",
                "/v1/rules/end",
                json!({"effect": "mute", "subject": "spam*", "room": "#lobby"}),
                "the mute of spam* in #lobby was ended",
            ),
            (
                "PUT",
                "/v1/room",
                json!({"room": "#lobby", "setting": "secret", "value": "off"}),
                "secret of #lobby is off",
            ),
            (
                "PUT",
                "/v1/room/role",
                json!({"room": "#lobby", "nick": "ana", "role": "none"}),
                "ana in #lobby: no role",
            ),
        ] {
            let (status, answer) = fake.ask(method, path, &body.to_string(), &[]).await;
            assert_eq!(status, 200, "{answer}");
            assert_eq!(answer["done"], done);
        }
        fake.stop().await;
    });
}

#[test]
fn a_field_that_is_written_wrong_bans_nobody_from_everywhere() {
    on_one_thread(async {
        let fake = Fake::start("");
        for (path, body) in [
            ("/v1/kick", json!({"nick": "ana", "rom": "#lobby"})),
            (
                "/v1/rules",
                json!({"effect": "ban", "subject": "a*", "rom": "#lobby"}),
            ),
            (
                "/v1/rules/end",
                json!({"effect": "ban", "subject": "a*", "rom": "#lobby"}),
            ),
        ] {
            let (status, answer) = fake.ask("POST", path, &body.to_string(), &[]).await;
            assert_eq!(
                (status, &answer["code"]),
                (400, &json!("bad_request")),
                "{path}"
            );
        }
        for (path, body) in [
            (
                "/v1/room",
                json!({"room": "#lobby", "setting": "secret", "value": "on", "rom": ""}),
            ),
            (
                "/v1/room/role",
                json!({"room": "#lobby", "nick": "ana", "role": "none", "rom": ""}),
            ),
        ] {
            let (status, answer) = fake.ask("PUT", path, &body.to_string(), &[]).await;
            assert_eq!(status, 400, "{path}: {answer}");
        }
        for path in ["/v1/rules?rom=%23lobby", "/v1/room", "/v1/trace?nick="] {
            assert_eq!(fake.get(path).await.0, 400, "{path}");
        }
        fake.stop().await;
    });
}

#[test]
fn rules_rooms_and_users_are_told_whole() {
    on_one_thread(async {
        let fake = Fake::start("");
        let mute = json!({
            "room": "#lobby", "effect": "mute", "subject": "spam*", "by": "ana", "reason": "loud",
            "created_at": "2026-09-21T14:13:20.000Z", "expires_at": null, "left_s": null
        });
        let (_, rules) = fake.get("/v1/rules?room=%23lobby").await;
        assert_eq!(rules, json!({"rules": [mute], "left_off": 0}));
        let (_, room) = fake.get("/v1/room?room=%23lobby").await;
        assert_eq!(
            room,
            json!({
                "room": "#lobby", "topic": null, "members": 1,
                "settings": [{"setting": "key", "value": "tea"}],
                "roles": [{"nick": "ana", "role": "owner"}]
            })
        );
        let (_, trace) = fake.get("/v1/trace?nick=ana").await;
        assert_eq!(trace["rooms"], json!([{"room": "#lobby", "role": "owner"}]));
        assert_eq!(trace["sessions"].as_array().map(Vec::len), Some(1));
        assert_eq!(trace["sessions"][0]["address"], "unix:uid=0");
        assert_eq!(
            (&trace["rules"], &trace["away"]),
            (&json!([mute]), &json!("tea"))
        );
        let (status, answer) = fake.get("/v1/trace?nick=nobody").await;
        assert_eq!((status, &answer["code"]), (404, &json!("no_such_user")));
        fake.stop().await;
    });
}
