//! What the API answers, and that its own description is true.

use std::fs;

use serde_json::{Value, json};

use super::fake::{Fake, on_one_thread};

#[test]
fn everything_that_can_be_looked_at_is_as_described() {
    on_one_thread(async {
        let fake = Fake::start("");
        let (_, api) = fake.get("/v1/openapi.json").await;
        for path in [
            "/",
            "/v1/status",
            "/v1/who",
            "/v1/rooms",
            "/v1/stats",
            "/v1/config",
            "/v1/log/level",
            "/v1/history/status",
            "/v1/rules",
            "/v1/rules?room=%23lobby",
            "/v1/room?room=%23lobby",
            "/v1/trace?nick=ana",
        ] {
            let (status, answer) = fake.get(path).await;
            assert_eq!(status, 200, "{path}: {answer}");
            let route = path.split('?').next().unwrap();
            must_fit(&api, "get", route, status, &answer);
        }
        let (_, who) = fake.get("/v1/who").await;
        assert_eq!(who["sessions"][0]["nick"], "ana");
        assert_eq!(
            who["sessions"][0]["connected_at"],
            "2026-09-21T14:13:20.123Z"
        );
        assert_eq!(who["sessions"][1]["nick"], Value::Null);
        let (_, stats) = fake.get("/v1/stats").await;
        assert_eq!(stats["connections_ended"], json!({"quit": 3}));
        assert!(stats["rss_bytes"].as_u64() > Some(0));
        let (_, status) = fake.get("/v1/status").await;
        assert_eq!(status["state"], "ready");
        assert_eq!(status["users"], 1);
        assert_eq!(status["pid"], std::process::id());
        assert_eq!(status["config_file"], fake.config_file.to_str().unwrap());
        fake.stop().await;
    });
}

#[test]
fn every_change_is_carried_out_as_described_and_logged_without_its_text() {
    on_one_thread(async {
        let fake = Fake::start("");
        let (_, api) = fake.get("/v1/openapi.json").await;
        let changes = [
            (
                "post",
                "/v1/kick",
                json!({"nick": "ana", "reason": "sekrit"}),
                200,
            ),
            ("post", "/v1/kick", json!({"nick": "ben"}), 404),
            ("post", "/v1/kick", json!({"nick": ""}), 400),
            ("post", "/v1/announce", json!({"text": "sekrit"}), 200),
            (
                "post",
                "/v1/announce",
                json!({"text": "", "room": "#lobby"}),
                400,
            ),
            (
                "post",
                "/v1/announce",
                json!({"text": "sekrit", "room": "lobby"}),
                400,
            ),
            (
                "put",
                "/v1/topic",
                json!({"room": "#lobby", "text": "sekrit"}),
                200,
            ),
            (
                "put",
                "/v1/topic",
                json!({"room": "#attic", "text": "sekrit"}),
                404,
            ),
            (
                "put",
                "/v1/log/level",
                json!({"level": "debug", "for_s": 600}),
                200,
            ),
            ("put", "/v1/log/level", json!({"level": "sekrit"}), 400),
            (
                "put",
                "/v1/log/level",
                json!({"level": "info", "for_s": 0}),
                400,
            ),
            ("post", "/v1/reload", Value::Null, 200),
            ("post", "/v1/shutdown", Value::Null, 200),
        ];
        for (method, path, body, expected) in &changes {
            let (status, answer) = fake
                .ask(&method.to_uppercase(), path, &body.to_string(), &[])
                .await;
            assert_eq!(status, *expected, "{method} {path} {body}: {answer}");
            must_fit(&api, method, path, status, &answer);
        }
        fake.daemon.stop_asked().await;
        let level = fake.logging.level();
        assert_eq!(level.level, "debug");
        assert_eq!(level.back_to.as_deref(), Some("info"));

        let log = fake.stop().await;
        let audited = log
            .lines()
            .filter(|line| line.contains("chatd::audit"))
            .count();
        assert_eq!(audited, changes.len(), "{log}");
        assert!(
            log.contains("action=\"kick\" about=\"ana\" outcome=\"done\""),
            "{log}"
        );
        assert!(
            log.contains("about=\"ben\" outcome=\"no_such_user\""),
            "{log}"
        );
        assert!(!log.contains("sekrit"), "{log}");
    });
}

#[test]
fn the_description_and_the_routes_are_the_same_list() {
    on_one_thread(async {
        let fake = Fake::start("");
        let (_, api) = fake.get("/v1/openapi.json").await;
        let (_, index) = fake.get("/").await;
        let mut described = Vec::new();
        for (path, item) in api["paths"].as_object().unwrap() {
            described.extend(
                item.as_object()
                    .unwrap()
                    .keys()
                    .map(|m| (m.to_uppercase(), path.clone())),
            );
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut listed: Vec<_> = index["routes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|route| (text(&route["method"]), text(&route["path"])))
            .collect();
        described.sort();
        listed.sort();
        assert_eq!(described, listed);
        assert_eq!(listed.len(), 46, "{listed:?}");
        for (method, path) in &listed {
            let (status, answer) = fake.ask(method, path, "{}", &[]).await;
            assert!(![404, 405].contains(&status), "{method} {path}: {answer}");
        }
        fake.stop().await;
    });
}

#[test]
fn what_cannot_be_understood_gets_a_problem_with_a_code() {
    on_one_thread(async {
        let fake = Fake::start("");
        let large = format!("{{\"text\":\"{}\"}}", "x".repeat(70_000));
        let cases = [
            ("GET", "/nowhere", "", 404, "no_such_path"),
            ("DELETE", "/v1/kick", "", 405, "wrong_method"),
            ("POST", "/v1/kick", "", 400, "bad_request"),
            ("POST", "/v1/kick", "{\"nick\":", 400, "bad_request"),
            ("POST", "/v1/kick", "{\"nick\":7}", 400, "bad_request"),
            ("POST", "/v1/kick", "[]", 400, "bad_request"),
            ("POST", "/v1/announce", &large, 413, "body_too_large"),
        ];
        for (method, path, body, expected, code) in cases {
            let (status, answer) = fake.ask(method, path, body, &[]).await;
            assert_eq!(
                (status, answer["code"].as_str()),
                (expected, Some(code)),
                "{method} {path}"
            );
            assert!(!answer["text"].as_str().unwrap().is_empty());
        }
        fake.stop().await;
    });
}

#[test]
fn a_good_config_comes_into_force_and_a_bad_one_changes_nothing() {
    on_one_thread(async {
        let fake = Fake::start("");
        fs::write(
            &fake.config_file,
            "[limits]\nrate = 3.0\n[log]\nlevel = \"debug\"\nkeep = 3\n",
        )
        .unwrap();
        let (status, answer) = fake.ask("POST", "/v1/reload", "", &[]).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["applied"], json!(["limits.rate", "log.level"]));
        assert_eq!(answer["needs_restart"], json!(["log.keep"]));
        assert_eq!(fake.logging.level().level, "debug");
        let rate = |fake: &Fake| fake.reconfigured.borrow().last().map(|c| c.limits.hub.rate);
        assert_eq!(rate(&fake), Some(3.0));
        let value = |config: &Value, key: &str| {
            let keys = config["keys"].as_array().unwrap();
            keys.iter().find(|k| k["key"] == key).unwrap()["value"].clone()
        };
        let (_, config) = fake.get("/v1/config").await;
        assert_eq!(value(&config, "limits.rate"), "3.0");
        assert_eq!(value(&config, "log.keep"), "14", "it waits for a restart");
        let (_, status) = fake.get("/v1/status").await;
        assert!(
            status["warnings"]
                .to_string()
                .contains("waits for a restart: log.keep"),
            "{status}"
        );

        fs::write(
            &fake.config_file,
            "[limits]\nrat = 4.0\n[log]\nlevel = \"inof\"\n",
        )
        .unwrap();
        let (status, answer) = fake.ask("POST", "/v1/reload", "", &[]).await;
        assert_eq!((status, &answer["code"]), (422, &json!("bad_config")));
        let mistakes = answer["text"].as_str().unwrap();
        assert!(
            mistakes.contains("chat.toml:2") && mistakes.contains("chat.toml:4"),
            "{mistakes}"
        );
        assert_eq!(rate(&fake), Some(3.0));
        assert_eq!(fake.logging.level().level, "debug");
        let log = fake.stop().await;
        assert!(
            log.contains("nothing has changed") && log.contains("limits.rat"),
            "{log}"
        );
    });
}

/// The answer is one that the description allows at this place.
pub(super) fn must_fit(api: &Value, method: &str, path: &str, status: u16, answer: &Value) {
    let response = &api["paths"][path][method]["responses"][status.to_string()];
    let schema = &response["content"]["application/json"]["schema"];
    assert!(
        schema.is_object(),
        "{method} {path} does not describe {status}: {response}"
    );
    let mut whole = schema.clone();
    whole["components"] = api["components"].clone();
    let validator = jsonschema::validator_for(&whole).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(answer)
        .map(|e| e.to_string())
        .collect();
    assert!(
        errors.is_empty(),
        "{method} {path} {status}: {errors:?}\n{answer}"
    );
}
