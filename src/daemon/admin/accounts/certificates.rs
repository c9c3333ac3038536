//! Certificates that log in to an account: giving it one, and taking it back. They are named by their
//! fingerprints; chatd never needs the certificate itself.

use axum::Json;
use axum::extract::State;

use super::super::AdminState;
use super::super::change::Body;
use super::super::failure::Failure;
use super::super::rights::Operator;
use super::users::Order;
use super::{AccountFailures, bad_request, name, now};
use crate::daemon::clock::rfc3339;
use crate::hub::fingerprint::Fingerprint;
use crate::registry::CertificateInfo;
use crate::wire::admin::Done;
use crate::wire::admin::accounts::{AccountCertificate, Certificate};

/// Lets whoever shows a certificate log in to an account.
#[utoipa::path(post, path = "/v1/accounts/certificates", tag = "accounts", request_body = AccountCertificate, responses((status = 200, body = Done), AccountFailures))]
pub(in super::super) async fn add_certificate(
    operator: Operator,
    State(state): State<AdminState>,
    Body(new): Body<AccountCertificate>,
) -> Result<Json<Done>, Failure> {
    let at = now(&state);
    let order = Order {
        operator,
        action: "account certificate add",
        name: name(&new.name),
        done: "may be logged in to by the certificate",
    };
    order
        .carry_out(
            &state,
            fingerprint(&new.sha256),
            move |registry, name, it| registry.add_certificate(name, it, at),
        )
        .await
}

/// Takes that back, and ends the sessions that logged in by it.
#[utoipa::path(post, path = "/v1/accounts/certificates/remove", tag = "accounts", request_body = AccountCertificate, responses((status = 200, body = Done), AccountFailures))]
pub(in super::super) async fn remove_certificate(
    operator: Operator,
    State(state): State<AdminState>,
    Body(which): Body<AccountCertificate>,
) -> Result<Json<Done>, Failure> {
    let order = Order {
        operator,
        action: "account certificate remove",
        name: name(&which.name),
        done: "may not be logged in to by the certificate any more",
    };
    order
        .carry_out(&state, fingerprint(&which.sha256), |registry, name, it| {
            registry.remove_certificate(name, it)
        })
        .await
}

pub(super) fn certificate_to_wire(info: &CertificateInfo) -> Certificate {
    Certificate {
        sha256: info.fingerprint.to_string(),
        added_at: rfc3339(info.added_at),
    }
}

fn fingerprint(text: &str) -> Result<Fingerprint, Failure> {
    text.parse()
        .map_err(|wrong| bad_request(format!("sha256: {wrong}")))
}
