//! Accounts, invitations and tokens over the admin API.

use serde_json::json;

use super::fake::{Fake, on_one_thread};

#[test]
fn accounts_are_made_shown_closed_and_removed() {
    on_one_thread(async {
        let fake = Fake::start("");
        let body = json!({"name": "Ana", "password": "correct horse"}).to_string();
        let made = fake.ask("POST", "/v1/accounts", &body, &[]).await;
        assert_eq!(made, (200, json!({"done": "the account Ana was made"})));
        let (status, again) = fake.ask("POST", "/v1/accounts", &body, &[]).await;
        assert_eq!((status, &again["code"]), (409, &json!("account_exists")));
        let close = json!({"name": "ana", "disabled": true}).to_string();
        let closed = fake.ask("PUT", "/v1/accounts/disabled", &close, &[]).await;
        assert_eq!(closed.0, 200);
        let (status, account) = fake.get("/v1/account?name=ANA").await;
        assert_eq!((status, &account["name"]), (200, &json!("Ana")));
        assert!(account["disabled_at"].is_string() && account["last_login_at"].is_null());
        let (_, page) = fake.get("/v1/accounts").await;
        assert_eq!(
            (page["accounts"].as_array().unwrap().len(), &page["more"]),
            (1, &json!(false))
        );
        assert_eq!(account["role"], "none");
        let promote = json!({"name": "ana", "role": "operator"}).to_string();
        let promoted = fake.ask("PUT", "/v1/accounts/role", &promote, &[]).await;
        let done = json!({"done": "the account ana is a server operator's"});
        assert_eq!(promoted, (200, done));
        let (_, account) = fake.get("/v1/account?name=ana").await;
        assert_eq!(account["role"], "operator");
        let wrong = json!({"name": "ana", "role": "king"}).to_string();
        let refused = fake.ask("PUT", "/v1/accounts/role", &wrong, &[]).await;
        assert_eq!(
            (refused.0, &refused.1["code"]),
            (400, &json!("bad_request"))
        );
        let nobody = json!({"name": "ben", "role": "none"}).to_string();
        let refused = fake.ask("PUT", "/v1/accounts/role", &nobody, &[]).await;
        assert_eq!(
            (refused.0, &refused.1["code"]),
            (404, &json!("no_such_account"))
        );
        let which = json!({"name": "ana"}).to_string();
        assert_eq!(
            fake.ask("POST", "/v1/accounts/remove", &which, &[]).await.0,
            200
        );
        let (status, gone) = fake.get("/v1/account?name=ana").await;
        assert_eq!((status, &gone["code"]), (404, &json!("no_such_account")));
        fake.stop().await;
    });
}

#[test]
fn what_is_wrong_is_told_and_never_the_password() {
    on_one_thread(async {
        let fake = Fake::start("");
        for (body, code) in [
            (
                json!({"name": "a b", "password": "correct horse"}),
                "bad_nick",
            ),
            (json!({"name": "ana", "password": "s3cr3t"}), "bad_password"),
            (
                json!({"name": "ana", "password": "s3cr3t\u{7}s3cr3t"}),
                "bad_password",
            ),
            (
                json!({"name": "ana", "password": "s3cr3t".repeat(200)}),
                "bad_password",
            ),
            (json!({"password": "s3cr3t s3cr3t"}), "bad_request"),
        ] {
            let (status, problem) = fake
                .ask("POST", "/v1/accounts", &body.to_string(), &[])
                .await;
            assert_eq!(
                (status, problem["code"].as_str()),
                (400, Some(code)),
                "{body}"
            );
            assert!(!problem.to_string().contains("s3cr3t"), "{problem}");
        }
        let (status, problem) = fake.get("/v1/accounts?befor=x").await;
        assert_eq!((status, &problem["code"]), (400, &json!("bad_request")));
        let log = fake.stop().await;
        assert!(
            log.contains("account add") && !log.contains("s3cr3t"),
            "{log}"
        );
    });
}

#[test]
fn invitations_and_tokens_are_shown_once_and_taken_back() {
    on_one_thread(async {
        let fake = Fake::start("");
        let wish = json!({"note": "for ben", "expires_in_s": 3600}).to_string();
        let (status, made) = fake.ask("POST", "/v1/invitations", &wish, &[]).await;
        let secret = made["secret"].as_str().unwrap().to_owned();
        assert_eq!(
            (status, secret.starts_with("chatd_invitation_")),
            (200, true)
        );
        let (_, open) = fake.get("/v1/invitations").await;
        assert_eq!(open["invitations"][0]["note"], "for ben");
        assert!(!open.to_string().contains(&secret));
        let which = json!({"id": made["id"]}).to_string();
        let revoke = "/v1/invitations/revoke";
        assert_eq!(fake.ask("POST", revoke, &which, &[]).await.0, 200);
        let (status, gone) = fake.ask("POST", revoke, &which, &[]).await;
        assert_eq!((status, &gone["code"]), (404, &json!("no_such_invitation")));

        let account = json!({"name": "ci"}).to_string();
        fake.ask("POST", "/v1/accounts", &account, &[]).await;
        let wish = json!({"account": "ci", "rooms": ["#builds"], "send_only": true});
        let (status, made) = fake.ask("POST", "/v1/tokens", &wish.to_string(), &[]).await;
        assert_eq!((status, &made["expires_at"]), (200, &json!(null)));
        let (_, tokens) = fake.get("/v1/tokens?account=ci").await;
        assert_eq!(tokens["tokens"][0]["rooms"], json!(["#builds"]));
        for wrong in [
            json!({"account": "ci", "rooms": []}),
            json!({"account": "ci", "expires_in_s": 0}),
            json!({"account": "ci", "note": "x".repeat(201)}),
        ] {
            let (status, _) = fake
                .ask("POST", "/v1/tokens", &wrong.to_string(), &[])
                .await;
            assert_eq!(status, 400, "{wrong}");
        }
        let (status, _) = fake.get("/v1/tokens?account=nobody").await;
        assert_eq!(status, 404);
        let log = fake.stop().await;
        assert!(!log.contains(made["secret"].as_str().unwrap()), "{log}");
    });
}
