//! `chatctl invite` and `chatctl token`: what operators give out, shown once, and take back.

use anyhow::Result;

use super::user::escaped;
use crate::ctl::admin_client::Admin;
use crate::ctl::args;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::join::input::room;
use crate::ctl::remark::remark;
use crate::ctl::render::{self, Output, Table};
use crate::wire::admin::Done;
use crate::wire::admin::accounts::{
    Invitations, Made, NewInvitation, NewToken, Revoke, Token, Tokens,
};

/// Makes, lists or takes back invitations.
///
/// # Errors
/// As [`Admin::get`]; exit 4 when there is no such invitation.
pub async fn invite(admin: &Admin, output: Output, invite: &args::Invite) -> Result<()> {
    match invite {
        args::Invite::Create { note, expires } => {
            let request = NewInvitation {
                note: note.clone(),
                expires_in_s: life(*expires)?,
            };
            let made: Made = admin.post("/v1/invitations", &request).await?;
            tell_made(output, &made, "good for one account")
        }
        args::Invite::List => {
            let open: Invitations = admin.get("/v1/invitations").await?;
            let mut table = Table::new(&["ID", "EXPIRES", "CREATED", "NOTE"]);
            for it in &open.invitations {
                table.row(vec![
                    it.id.to_string(),
                    it.expires_at.clone(),
                    it.created_at.clone(),
                    it.note.clone().unwrap_or_default(),
                ]);
            }
            render::list(output, &open, &open.invitations, &table)
        }
        args::Invite::Revoke { id } => {
            let done: Done = admin
                .post("/v1/invitations/revoke", &Revoke { id: *id })
                .await?;
            render::sentence(output, &done, &done.done)
        }
    }
}

/// Makes, lists or takes back tokens.
///
/// # Errors
/// As [`Admin::get`]; exit 4 when there is no such token or account.
pub async fn token(admin: &Admin, output: Output, token: &args::Token) -> Result<()> {
    match token {
        args::Token::Create {
            user,
            rooms,
            send_only,
            expires,
            note,
        } => {
            let rooms: Vec<String> = rooms.iter().map(|name| room(name)).collect();
            let request = NewToken {
                account: user.clone(),
                note: note.clone(),
                rooms: (!rooms.is_empty()).then_some(rooms),
                send_only: *send_only,
                expires_in_s: expires.map(life).transpose()?,
            };
            let made: Made = admin.post("/v1/tokens", &request).await?;
            tell_made(output, &made, &format!("logs in to {user}"))
        }
        args::Token::List { user } => list_tokens(admin, output, user.as_deref()).await,
        args::Token::Revoke { id } => {
            let done: Done = admin.post("/v1/tokens/revoke", &Revoke { id: *id }).await?;
            render::sentence(output, &done, &done.done)
        }
    }
}

async fn list_tokens(admin: &Admin, output: Output, user: Option<&str>) -> Result<()> {
    let of = user.map_or(String::new(), |user| format!("&account={}", escaped(user)));
    let mut tokens: Vec<Token> = Vec::new();
    loop {
        let after = tokens.last().map_or(0, |last| last.id);
        let page: Tokens = admin.get(&format!("/v1/tokens?after={after}{of}")).await?;
        tokens.extend(page.tokens);
        if !page.more {
            break;
        }
    }
    let mut table = Table::new(&["ID", "ACCOUNT", "GOOD FOR", "LAST USED", "EXPIRES", "NOTE"]);
    for it in &tokens {
        table.row(vec![
            it.id.to_string(),
            it.account.clone(),
            good_for(it),
            it.last_used_at.clone().unwrap_or_else(|| "-".to_owned()),
            it.expires_at.clone().unwrap_or_else(|| "-".to_owned()),
            it.note.clone().unwrap_or_default(),
        ]);
    }
    render::list(output, &tokens, &tokens, &table)
}

fn good_for(token: &Token) -> String {
    let rooms = token.rooms.as_ref().map(|rooms| rooms.join(" "));
    match (rooms, token.send_only) {
        (None, false) => "everything".to_owned(),
        (None, true) => "sending".to_owned(),
        (Some(rooms), false) => rooms,
        (Some(rooms), true) => format!("sending to {rooms}"),
    }
}

/// The secret alone goes to stdout, so that a script can put it where it belongs.
fn tell_made(output: Output, made: &Made, what: &str) -> Result<()> {
    let until = made
        .expires_at
        .as_ref()
        .map_or(String::new(), |at| format!(", until {at}"));
    remark(&format!(
        "{what}{until}; number {}. It is not shown again.",
        made.id
    ));
    render::sentence(output, made, &made.secret.0)
}

fn life(seconds: u64) -> Result<u64> {
    if seconds == 0 {
        let text = "--expires must be a time above nothing, such as 90d";
        return Err(Failure::new(Exit::Usage, text).into());
    }
    Ok(seconds)
}
