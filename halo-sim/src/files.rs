//! Downloads: bytes, or a link to another port, as a CDN would (HAPI §9).

use http::{Method, StatusCode, header};
use serde_json::json;

use crate::{
    desk::attachments,
    protocol::{Answer, Query, Refusal},
    shared::Shared,
    state::{Row, TableId, seed::random},
};

/// How long a link is good.
const LINK_MS: i64 = 5 * 60 * 1000;

/// Answers a request for one file.
pub(crate) fn answer(shared: &Shared, row: &Row, as_link: bool) -> Result<Answer, Refusal> {
    if as_link {
        return Ok(Answer::ok(&json!({ "link": link(shared, row.int("id")) })));
    }
    let file = attachments::read(row.text("data_base64"))?;
    // Always this type, whatever the file is (HAPI §9).
    let answer = Answer::of(StatusCode::OK, "application/octet-stream", file.bytes);
    let name = disposition(row.text("filename"));
    Ok(answer.with_header(header::CONTENT_DISPOSITION, &name))
}

/// A signed address on the other port.
fn link(shared: &Shared, id: i64) -> String {
    let expires = shared.clock.now_ms() + LINK_MS;
    format!(
        "http://127.0.0.1:{}/attachments/{id}?expires={expires}&signature={}",
        shared.files_port,
        signature(id, expires),
    )
}

/// Answers on the other port. It knows no bearer token, and like a store of
/// signed links it refuses a request that brings one.
pub(crate) fn serve(shared: &Shared, method: &Method, path: &str, query: &Query, has_token: bool) -> Answer {
    let refuse = |status, why: &str| {
        Answer::of(status, "application/xml", format!("<Error><Message>{why}</Message></Error>"))
            .with_hint(why)
    };
    if has_token {
        return refuse(StatusCode::BAD_REQUEST, "Only one auth mechanism allowed");
    }
    let id = path.strip_prefix("/attachments/").and_then(|id| id.parse::<i64>().ok());
    let (Some(id), &Method::GET) = (id, method) else {
        return refuse(StatusCode::NOT_FOUND, "The specified key does not exist");
    };
    let expires = query.int("expires").unwrap_or(0);
    if query.get("signature") != Some(signature(id, expires).as_str()) {
        return refuse(StatusCode::FORBIDDEN, "The signature does not match");
    }
    if expires <= shared.clock.now_ms() {
        return refuse(StatusCode::FORBIDDEN, "Request has expired");
    }
    let world = shared.world();
    match world.row(TableId::Attachments, id).map(|row| answer(shared, row, false)) {
        Some(Ok(answer)) => answer,
        _ => refuse(StatusCode::NOT_FOUND, "The specified key does not exist"),
    }
}

/// Not secret, only good enough that a link cannot be changed by accident.
fn signature(id: i64, expires: i64) -> String {
    random::guid(id.unsigned_abs() ^ expires.unsigned_abs().rotate_left(20), "link")
}

/// Plain letters in `filename`, all of them in `filename*`.
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| if letter.is_ascii_graphic() && letter != '"' || letter == ' ' { letter } else { '_' })
        .collect();
    let encoded: String = name
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}
