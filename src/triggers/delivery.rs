//! Deliveries: whether they are authentic, and which tickets they are about
//! (HAPI §13.3, §13.4). Pure.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use workflow_node_sdk::interface::Delivery;
use workflow_node_sdk::interface::{Object, Secret};

use super::facts::whole;
use crate::protocol::{date, envelope};

/// The header that carries the signature: the one of the only integration that
/// is known to use signatures (HAPI §13.3).
pub const SIGNATURE_HEADER: &str = "Token";

/// The name that Basic credentials have.
pub const BASIC_USER: &str = "workflow-node";

/// The largest delivery that is read. A full ticket has some ten kilobytes.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A delivery that is not taken: the status to answer.
pub type Refused = u16;

/// One event of a delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The ticket.
    pub ticket: i64,
    /// Who caused it, if the payload says so.
    pub agent: Option<i64>,
    /// The ticket as the payload shows it, if it shows when it changed.
    pub row: Option<Object>,
}

/// Reads a delivery of the webhook `webhook`. Tests and payloads that name no
/// ticket are none.
pub fn read(delivery: &Delivery, secret: &Secret, webhook: Option<&str>) -> Result<Vec<Told>, Refused> {
    if delivery.method != "POST" {
        return Err(405);
    }
    if delivery.body.len() > MOST_BYTES {
        return Err(413);
    }
    if !is_authentic(delivery, secret) {
        return Err(401);
    }
    let payload: Value = envelope::parse(&delivery.body).map_err(|_| 400_u16)?;
    let mut told = Vec::new();
    for payload in payloads(payload) {
        let foreign = match (payload.get("webhook_id").and_then(Value::as_str), webhook) {
            (Some(theirs), Some(ours)) => !theirs.eq_ignore_ascii_case(ours),
            _ => false,
        };
        if foreign {
            return Err(403);
        }
        told.extend(one(&payload));
    }
    Ok(told)
}

fn header<'d>(delivery: &'d Delivery, name: &str) -> Option<&'d str> {
    let found = delivery.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim())
}

/// By the signature, or by Basic credentials; comparing takes the same time
/// wherever a difference is.
fn is_authentic(delivery: &Delivery, secret: &Secret) -> bool {
    if secret.reveal().is_empty() {
        return false;
    }
    if let Some(signature) = header(delivery, SIGNATURE_HEADER) {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) else { return false };
        mac.update(&delivery.body);
        return mac.verify_slice(&signature).is_ok();
    }
    let Some((scheme, given)) = header(delivery, "Authorization").and_then(|value| value.split_once(' '))
    else {
        return false;
    };
    let expected = STANDARD.encode(format!("{BASIC_USER}:{}", secret.reveal()));
    scheme.eq_ignore_ascii_case("basic") && same(given.trim().as_bytes(), expected.as_bytes())
}

fn same(left: &[u8], right: &[u8]) -> bool {
    let differences = left.iter().zip(right).fold(0_u8, |all, (left, right)| all | (left ^ right));
    left.len() == right.len() && core::hint::black_box(differences) == 0
}

/// The payloads of a delivery. The shape of a batch is not known (HAPI §13.4):
/// a list, or an object that holds one.
fn payloads(payload: Value) -> Vec<Value> {
    match payload {
        Value::Array(payloads) => payloads,
        Value::Object(object) if object.contains_key("object_id") || object.contains_key("ticket") => {
            vec![Value::Object(object)]
        }
        Value::Object(object) => {
            let is_batch = |value: &Value| {
                value.as_array().is_some_and(|all| {
                    all.iter().any(|one| one.get("object_id").is_some() || one.get("ticket").is_some())
                })
            };
            match object.values().find(|value| is_batch(value)) {
                Some(Value::Array(payloads)) => payloads.clone(),
                _ => vec![Value::Object(object)],
            }
        }
        _ => vec![],
    }
}

/// What one payload tells: a small, a full, a bare or a custom one.
fn one(payload: &Value) -> Option<Told> {
    let nested = |name: &str| payload.get(name).and_then(|entity| whole(entity.get("id")));
    let ticket = whole(payload.get("object_id"))
        .or_else(|| nested("ticket"))
        .or_else(|| nested("object"))
        .or_else(|| whole(payload.get("ticket_id")))
        .or_else(|| whole(payload.get("TICKET_ID")))
        .or_else(|| whole(payload.get("id")))
        .filter(|id| *id > 0)?;
    Some(Told { ticket, agent: whole(payload.get("agent_id")), row: row(payload, ticket) })
}

/// The ticket of a payload with the time of its change: its own, else that of
/// the event, in whole seconds as HaloPSA counts.
fn row(payload: &Value, ticket: i64) -> Option<Object> {
    let mut row = payload.get("ticket")?.as_object()?.clone();
    row.insert("id".to_string(), ticket.into());
    if !row.contains_key("last_update") && !row.contains_key("lastupdate") {
        let at = date::instant(payload.get("timestamp")?.as_str()?)?;
        row.insert("last_update".to_string(), date::from_instant(at.div_euclid(1_000) * 1_000).into());
    }
    Some(row)
}

/// The note by which a webhook is found again. The address may hold a secret,
/// so only its fingerprint stands there.
pub fn marker(trigger: &str, callback_url: &str) -> String {
    use sha2::Digest as _;
    let digest = Sha256::digest(callback_url.as_bytes());
    let mut marker = format!("workflow-node halopsa {trigger} ");
    for byte in digest.iter().take(12) {
        marker.push_str(&format!("{byte:02x}"));
    }
    marker
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret() -> Secret {
        Secret::new("signing-secret")
    }

    fn signed(body: &Value) -> Delivery {
        let body = body.to_string().into_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(b"signing-secret").unwrap();
        mac.update(&body);
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        Delivery {
            method: "POST".into(),
            path_with_query: "/".into(),
            headers: vec![("token".into(), signature)],
            body,
        }
    }

    fn tickets(delivery: &Delivery) -> Result<Vec<i64>, Refused> {
        read(delivery, &secret(), Some("1D2C")).map(|told| told.iter().map(|one| one.ticket).collect())
    }

    /// The example of HAPI §13.4.
    fn example() -> Value {
        json!({"id": "7b0e", "webhook_id": "1d2c", "notification_id": 7, "event": "ticket status changed",
            "object_id": 123, "agent_id": 4, "timestamp": "2026-01-02T03:04:05.1234567Z",
            "ticket": {"id": 123, "status_id": 9}})
    }

    #[test]
    fn a_known_signature_is_right() {
        // Computed with another implementation: printf '{}' | openssl dgst -sha256 -hmac signing-secret -binary | base64
        let delivery = Delivery {
            method: "POST".into(),
            path_with_query: "/".into(),
            headers: vec![("Token".into(), "6A+wHxF/dDRpQvxHSATioIdXe2bZD8JM8LnPaK8Trxo=".into())],
            body: b"{}".to_vec(),
        };
        assert_eq!(tickets(&delivery), Ok(vec![]));
    }

    #[test]
    fn every_documented_payload_is_read() {
        for (payload, expected) in [
            (example(), vec![123]),
            (json!({"webhook_id": "1d2c", "event": "x", "object_id": "123"}), vec![123]),
            (json!({"TICKET_ID": 123}), vec![123]),
            (json!({"ticket": {"id": 123.0}}), vec![123]),
            (json!({"object": {"id": 123}}), vec![123]),
            (json!([example(), {"object_id": 5}, {"object_id": 5}]), vec![123, 5, 5]),
            (json!({"events": [example(), {"object_id": 5}]}), vec![123, 5]),
            (json!({"event": "Test", "object_id": 0, "ticket": null}), vec![]),
            (json!({"hello": "world"}), vec![]),
            (json!(7), vec![]),
        ] {
            assert_eq!(tickets(&signed(&payload)), Ok(expected), "{payload}");
        }
        let told = read(&signed(&example()), &secret(), None).unwrap();
        assert_eq!(told[0].agent, Some(4));
        assert_eq!(told[0].row.as_ref().unwrap()["last_update"], "2026-01-02T03:04:05Z");
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let good = signed(&example());
        let with = |change: fn(&mut Delivery)| {
            let mut delivery = good.clone();
            change(&mut delivery);
            tickets(&delivery)
        };
        assert_eq!(with(|delivery| delivery.method = "GET".into()), Err(405));
        assert_eq!(with(|delivery| delivery.body.push(b' ')), Err(401));
        assert_eq!(with(|delivery| delivery.headers.clear()), Err(401));
        assert_eq!(with(|delivery| delivery.headers[0].1.truncate(40)), Err(401));
        assert_eq!(with(|delivery| delivery.headers[0].1.clear()), Err(401));
        assert_eq!(with(|delivery| delivery.body = vec![b' '; 20_000_000]), Err(413));
        assert_eq!(tickets(&signed(&json!({"webhook_id": "other", "object_id": 1}))), Err(403));
        assert!(read(&good, &Secret::new(""), None).is_err());
    }

    #[test]
    fn basic_credentials_are_taken() {
        for (secret, expected) in
            [("signing-secret", Ok(vec![123])), ("signing-secreT", Err(401)), ("", Err(401))]
        {
            let value = format!("Basic {}", STANDARD.encode(format!("{BASIC_USER}:{secret}")));
            let delivery = Delivery { headers: vec![("authorization".into(), value)], ..signed(&example()) };
            assert_eq!(tickets(&delivery), expected, "{secret}");
        }
    }

    #[test]
    fn a_marker_tells_no_address() {
        let marker = marker("ticket.updated", "https://host.example/hooks/very-secret");
        assert!(
            !marker.contains("very-secret") && marker.starts_with("workflow-node halopsa ticket.updated ")
        );
    }
}
