//! Which path leads where. Paths are compared without case (HAPI §2).

use crate::resources::{
    self, Resource,
    below::{self, Below},
    known::{self, Known},
};

/// Where a request goes.
#[derive(Clone)]
pub(crate) enum Route<'p> {
    /// The token endpoint, below `/auth` or on a base of its own.
    Token,
    /// OIDC discovery (HAPI §2).
    Discovery,
    /// `/api/authinfo`, without login (HAPI §2).
    AuthInfo,
    /// `/api/InstanceInfo` (HAPI §2).
    InstanceInfo,
    /// `/api/Agent/me`: who the token is.
    Me,
    /// `/api/Tickets/Object`: one ticket without an array (HAPI §7.1).
    TicketObject,
    /// A list, or a place to post to.
    Collection(&'static Resource),
    /// One record.
    Record(&'static Resource, &'p str),
    /// A path below a resource, with the id in it.
    Below(&'static Below, &'p str),
    /// A path of which little more than the status is known.
    Known(&'static Known),
    /// The simulator's own API, with the rest of the path.
    Control(Vec<&'p str>),
    /// Something below `/api` that does not exist.
    UnknownApi,
    /// Something else that does not exist.
    Nowhere,
}

impl Route<'_> {
    /// Whether the API proper is meant, and not the way in.
    pub(crate) fn is_api(&self) -> bool {
        !matches!(self, Self::Token | Self::Discovery | Self::AuthInfo | Self::Control(_) | Self::Nowhere)
    }
}

/// Finds the way.
pub(crate) fn find(path: &str) -> Route<'_> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let is = |part: &str, name: &str| part.eq_ignore_ascii_case(name);
    match parts.as_slice() {
        [token] if is(token, "token") => Route::Token,
        [auth, token] if is(auth, "auth") && is(token, "token") => Route::Token,
        [.., known, document] if is(known, ".well-known") && is(document, "openid-configuration") => {
            Route::Discovery
        }
        [control, rest @ ..] if is(control, "_sim") => Route::Control(rest.to_vec()),
        [api, rest @ ..] if is(api, "api") => match rest {
            [name] if is(name, "authinfo") => Route::AuthInfo,
            [name] if is(name, "instanceinfo") => Route::InstanceInfo,
            [agent, me] if is(agent, "agent") && is(me, "me") => Route::Me,
            [tickets, object] if is(tickets, "tickets") && is(object, "object") => Route::TicketObject,
            parts if let Some((below, id)) = below::find(parts) => Route::Below(below, id),
            parts if let Some(known) = known::find(parts) => Route::Known(known),
            [name] => resources::find(name).map_or(Route::UnknownApi, Route::Collection),
            [name, id] => {
                resources::find(name).map_or(Route::UnknownApi, |resource| Route::Record(resource, id))
            }
            _ => Route::UnknownApi,
        },
        _ => Route::Nowhere,
    }
}
