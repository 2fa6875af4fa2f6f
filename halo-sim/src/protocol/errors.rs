//! What a refusal looks like (HAPI §11).
//!
//! Handlers say *why* ([`Refusal`]); this file alone knows status and body.
//! HaloPSA has no fixed error format, so the body of every refusal that has a
//! message can be switched to any [`ErrorShape`] of HAPI §11.2.

use std::{fmt, str::FromStr};

use http::{StatusCode, header};
use serde_json::{Value, json};

use super::Answer;

/// Why a request is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 400 with the words of a .NET exception: a rule of the product.
    Rule(String),
    /// 400 because a value has the wrong type; `path` is `[0].id` or `id`.
    ModelState {
        /// Where in the body or query.
        path: String,
        /// ASP.NET's words.
        message: String,
    },
    /// 400: an object where an array is due (HAPI §4, §11.3).
    BareObject,
    /// 401: no token, or one that is unknown, expired, or without scope.
    Unauthorized(String),
    /// 403 with an empty body: a scope or permission is missing.
    Forbidden(String),
    /// 404: no such record.
    NotFound,
    /// 404 with an empty body: no such path.
    NoSuchPath,
    /// 405: HaloPSA knows GET, POST and DELETE only (HAPI §4).
    MethodNotAllowed,
    /// 409: records hang on the one to be deleted (HAPI §11.1, weak).
    Conflict(String),
    /// 500 with an exception, where a 400 would be due (HAPI §14.48).
    Crash(String),
}

impl Refusal {
    /// A rule of the product, in its words.
    #[must_use]
    pub(crate) fn rule(message: impl Into<String>) -> Self {
        Self::Rule(message.into())
    }

    /// "`label` is mandatory" (HAPI §11.3).
    #[must_use]
    pub(crate) fn mandatory(label: &str) -> Self {
        Self::Rule(format!("{label} is mandatory"))
    }

    /// The answer, in the usual shape of its kind or in the one asked for.
    #[must_use]
    pub(crate) fn answer(&self, shape: Option<ErrorShape>) -> Answer {
        match self {
            Self::Rule(message) => exception(StatusCode::BAD_REQUEST, message, shape),
            Self::Crash(message) => exception(StatusCode::INTERNAL_SERVER_ERROR, message, shape),
            Self::Conflict(message) => exception(StatusCode::CONFLICT, message, shape),
            Self::NotFound => exception(StatusCode::NOT_FOUND, "Record not found", shape),
            Self::BareObject => {
                exception(StatusCode::BAD_REQUEST, "This endpoint requires a JSON array", shape)
            }
            Self::ModelState { path, message } => match shape {
                None => Answer::json(StatusCode::BAD_REQUEST, &json!({ path.as_str(): [message] }))
                    .with_hint(format!("{path}: {message}")),
                Some(shape) => exception(StatusCode::BAD_REQUEST, message, Some(shape)),
            },
            // The challenge is inferred from OpenIddict, not seen (HAPI §11.1).
            Self::Unauthorized(why) => Answer::empty(StatusCode::UNAUTHORIZED)
                .with_header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
                .with_hint(why),
            Self::Forbidden(why) => Answer::empty(StatusCode::FORBIDDEN)
                .with_header(header::WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\"")
                .with_hint(why),
            Self::NoSuchPath => Answer::empty(StatusCode::NOT_FOUND).with_hint("no such path"),
            Self::MethodNotAllowed => Answer::empty(StatusCode::METHOD_NOT_ALLOWED)
                .with_header(header::ALLOW, "GET, POST, DELETE")
                .with_hint("HaloPSA knows GET, POST and DELETE only"),
        }
    }
}

fn exception(status: StatusCode, message: &str, shape: Option<ErrorShape>) -> Answer {
    let shape = shape.unwrap_or(ErrorShape::Exception);
    shape.render(status, message).with_hint(message)
}

/// The error bodies that clients have met (HAPI §11.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorShape {
    /// A .NET exception object; the usual one.
    Exception,
    /// `{"Message": …}`
    Message,
    /// `{"message": …}`
    LowerMessage,
    /// `{"error": …}`
    Error,
    /// `{"error": …, "error_description": …}`
    ErrorDescription,
    /// `{"error": {"error_description": …}}`
    NestedError,
    /// `{"resultCode": …, "errorMessage": …}`
    ResultCode,
    /// A JSON text.
    Text,
    /// `{"[0].id": [ … ]}`
    ModelState,
    /// ASP.NET's problem details.
    Problem,
    /// One key whose value is the message.
    SingleKey,
    /// No body at all.
    Empty,
    /// A page for people.
    Html,
}

impl ErrorShape {
    /// All shapes with their names on the command line.
    pub const ALL: [(&'static str, Self); 13] = [
        ("exception", Self::Exception),
        ("message", Self::Message),
        ("lower-message", Self::LowerMessage),
        ("error", Self::Error),
        ("error-description", Self::ErrorDescription),
        ("nested-error", Self::NestedError),
        ("result-code", Self::ResultCode),
        ("text", Self::Text),
        ("model-state", Self::ModelState),
        ("problem", Self::Problem),
        ("single-key", Self::SingleKey),
        ("empty", Self::Empty),
        ("html", Self::Html),
    ];

    fn render(self, status: StatusCode, message: &str) -> Answer {
        let code = status.as_u16();
        let body = match self {
            Self::Empty => return Answer::empty(status),
            Self::Html => return html_error(status),
            Self::Exception => json!({
                "ClassName": "System.Exception",
                "Message": message,
                "Data": null,
                "InnerException": null,
                "HelpURL": null,
                "StackTraceString": "   at Simulated.Controller.Handle()",
                "RemoteStackTraceString": null,
                "HResult": -2_146_233_088_i64,
                "Source": "Simulated",
            }),
            Self::Message => json!({ "Message": message }),
            Self::LowerMessage => json!({ "message": message }),
            Self::Error => json!({ "error": message }),
            Self::ErrorDescription => {
                json!({ "error": "invalid_request", "error_description": message })
            }
            Self::NestedError => json!({ "error": { "error_description": message } }),
            Self::ResultCode => json!({ "resultCode": code, "errorMessage": message }),
            Self::Text => Value::from(message),
            Self::ModelState => json!({ "[0].id": [message] }),
            Self::Problem => json!({
                "title": message,
                "status": code,
                "errors": { "[0]": [message] },
                "traceId": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
            }),
            Self::SingleKey => json!({ "summary": message }),
        };
        Answer::json(status, &body)
    }
}

impl FromStr for ErrorShape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, shape)| *shape).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|(name, _)| *name).collect();
            format!("one of {}", names.join(", "))
        })
    }
}

impl fmt::Display for ErrorShape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, shape)| shape == self);
        formatter.write_str(name.map_or("exception", |(name, _)| name))
    }
}

/// A long error page with styles inside, as a wrong tenant gets (HAPI §3.4).
#[must_use]
pub(crate) fn html_error(status: StatusCode) -> Answer {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Error</title>\n<style>\n",
    );
    // The real page is hundreds of kilobytes of styles and inline images; a
    // client that prints bodies should find that out here.
    for number in 0..4_000 {
        page.push_str(&format!(".halo-error-{number} {{ margin: 0; padding: 0; display: block; }}\n"));
    }
    page.push_str(&format!(
        "</style></head><body><h1>Error {}</h1><p>Sorry, something went wrong.</p></body></html>\n",
        status.as_u16()
    ));
    Answer::html(status, page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_has_a_name_that_reads_back() {
        for (name, shape) in ErrorShape::ALL {
            assert_eq!(name.parse(), Ok(shape));
            assert_eq!(shape.to_string(), name);
        }
    }
}
