//! Sockets and HTTP: takes requests in, puts answers on the wire.

use std::{convert::Infallible, future, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header, request::Parts};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
};

use crate::{
    api::Call,
    control,
    faults::{
        Knobs, Lateness, Traffic, late,
        wire::{Dropped, Script},
    },
    log::RequestRecord,
    login::{self, Knock},
    protocol::{Answer, Query, errors},
    routes::{self, Route},
    shared::Shared,
};

/// What a port is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Port {
    /// The API and the login.
    Api,
    /// Attachment links.
    Files,
}

/// Serves a port until the task is aborted; its connections end with it.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, port: Port) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&shared), port));
                }
                // Out of file descriptors, mostly: give others time to close.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, port: Port) {
    // Without this, small answers wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move {
            match port {
                Port::Api => api(shared, request).await,
                Port::Files => Ok(files(&shared, &request)),
            }
        }
    });
    // Idle connections stay open: a pooled client must not meet one that the
    // simulator is just closing.
    let served =
        http1::Builder::new().header_read_timeout(None).serve_connection(TokioIo::new(stream), service);
    // A connection that breaks is the client's business, or a fault's.
    let _ = served.await;
}

fn files(shared: &Shared, request: &Request<Incoming>) -> Response<Script> {
    let query = Query::parse(request.uri().query().unwrap_or_default());
    let has_token = request.headers().contains_key(header::AUTHORIZATION);
    let path = request.uri().path();
    let answer = crate::files::serve(shared, request.method(), path, &query, has_token);
    response(answer, &Knobs::default(), false)
}

async fn api(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Script>, Dropped> {
    let (head, body) = request.into_parts();
    let route = routes::find(head.uri.path());
    if let Route::Control(rest) = &route {
        let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
        let answer = control::answer(&shared, &head.method, rest, &body);
        return Ok(response(answer, &Knobs::default(), false));
    }
    late::arrive(&shared, shared.clock.now_ms());
    let knobs = shared.switchboard.decide(traffic(&route, &head.method), head.uri.path());
    if knobs.silent || (knobs.silent_api && route.is_api()) {
        record(&shared, &head, &route, &Query::default(), None);
        future::pending::<()>().await;
    }
    if !knobs.latency.is_zero() {
        tokio::time::sleep(knobs.latency).await;
    }
    let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    if knobs.cut_before_commit {
        record(&shared, &head, &route, &Query::default(), None);
        return Err(Dropped);
    }
    let (is_api, lateness, is_cut) = (route.is_api(), knobs.lateness, knobs.cut_after_commit);
    let answered = move |shared: &Arc<Shared>| {
        let route = routes::find(head.uri.path());
        let query = Query::parse(head.uri.query().unwrap_or_default());
        let answer = answer(shared, &head, &route, &query, &body, &knobs);
        let is_told =
            !knobs.cut_after_commit && !matches!(knobs.lateness, Lateness::Cut(_) | Lateness::Gateway(_));
        record(shared, &head, &route, &query, Some(&answer).filter(|_| is_told));
        response(answer, &knobs, is_api)
    };
    match lateness {
        Lateness::None if is_cut => {
            let _lost = answered(&shared);
            Err(Dropped)
        }
        Lateness::None => Ok(answered(&shared)),
        lateness => write_late(&shared, lateness, answered).await,
    }
}

/// Does a write whether or not its client waits for it.
async fn write_late(
    shared: &Arc<Shared>,
    lateness: Lateness,
    write: impl FnOnce(&Arc<Shared>) -> Response<Script> + Send + 'static,
) -> Result<Response<Script>, Dropped> {
    match lateness {
        Lateness::None => Ok(write(shared)),
        Lateness::Cut(delay) => {
            late::post(shared, delay, Box::new(|shared| drop(write(shared))));
            Err(Dropped)
        }
        Lateness::Gateway(delay) => {
            late::post(shared, delay, Box::new(|shared| drop(write(shared))));
            let page = errors::html_error(StatusCode::GATEWAY_TIMEOUT);
            Ok(response(page, &Knobs::default(), true))
        }
        Lateness::Slow(time) => {
            let (told, answer) = oneshot::channel();
            late::post(
                shared,
                time,
                Box::new(|shared| {
                    // Whoever asked may be gone.
                    let _ = told.send(write(shared));
                }),
            );
            answer.await.map_err(|_| Dropped)
        }
    }
}

fn traffic(route: &Route<'_>, method: &Method) -> Traffic {
    match (route.is_api(), method) {
        (false, _) => Traffic::Login,
        (true, &Method::GET) => Traffic::Read,
        (true, _) => Traffic::Write,
    }
}

fn answer(
    shared: &Arc<Shared>,
    head: &Parts,
    route: &Route<'_>,
    query: &Query,
    body: &Bytes,
    knobs: &Knobs,
) -> Answer {
    let text = |name| head.headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let authorization = text(header::AUTHORIZATION);
    if route.is_api() {
        let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
        let call = Call { method: &head.method, route, query, authorization, content_type, body, knobs };
        return crate::api::answer(shared, &call);
    }
    let origin = match text(header::HOST) {
        Some(host) => format!("http://{host}"),
        None => shared.url(),
    };
    let knock = Knock { method: &head.method, route, query, authorization, origin: &origin, body, knobs };
    login::answer(shared, &knock)
}

fn record(shared: &Shared, head: &Parts, route: &Route<'_>, query: &Query, answer: Option<&Answer>) {
    shared.log.add(RequestRecord {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        status: answer.map(|answer| answer.status.as_u16()),
        ignored: query.ignored(),
        token_request: matches!(route, Route::Token),
        hint: answer.and_then(|answer| answer.hint.clone()),
    });
}

fn response(answer: Answer, knobs: &Knobs, api: bool) -> Response<Script> {
    let mut response = Response::new(Script::new(answer.body, knobs, api));
    *response.status_mut() = answer.status;
    for (name, value) in answer.headers {
        response.headers_mut().append(name, value);
    }
    response
}
