//! Traces for an OpenTelemetry collector: the feature `otlp`.
//!
//! [`layer`] exports the spans and events of this crate, with what they hold anyway:
//! no header, no body and no secret. A call is a span below the one in
//! [`CallOptions::trace_parent`](crate::CallOptions::trace_parent), and what its node and
//! the service tell is below that. An embedder that has an OpenTelemetry layer of its
//! own uses that one; spans of calls get their parents with either.
//!
//! Nothing is read from the environment but what the SDK itself reads
//! (`OTEL_BSP_*`, `OTEL_SPAN_*`).

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _,
};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::{Level, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use wasmtime_wasi::async_trait;

use crate::error::HostError;
use crate::secrets::Secret;
use crate::tls::Tls;
use crate::trace::TraceParent;

/// How long a collector may take for one batch.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes that its answer may have.
const MAX_ANSWER: usize = 1 << 20;

/// Where traces go.
#[derive(Debug, Clone)]
pub struct OtlpOptions {
    /// The collector's address for traces over HTTP, such as
    /// `http://localhost:4318/v1/traces`.
    pub endpoint: String,
    /// The name of the embedding service there.
    pub service: String,
    /// Headers of each request, such as a key of the collector.
    pub headers: BTreeMap<String, Secret>,
    /// Whom it trusts, if the collector speaks https.
    pub tls: Tls,
}

/// What exports traces, until it is shut down or dropped.
pub struct Traces {
    provider: SdkTracerProvider,
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traces").finish_non_exhaustive()
    }
}

impl Traces {
    /// Sends what is left and ends. Whether all of it was taken.
    pub async fn shutdown(self) -> bool {
        // It waits for a thread of its own, which waits for this runtime.
        let shutdown = tokio::task::spawn_blocking(move || self.provider.shutdown());
        matches!(shutdown.await, Ok(Ok(())))
    }
}

/// A layer for `tracing_subscriber` that exports traces, to be made within the tokio
/// runtime that will send them.
///
/// # Errors
/// [`HostError::Otlp`] for an endpoint that is none; [`HostError::Certificate`].
pub fn layer<S>(options: &OtlpOptions) -> Result<(impl Layer<S> + Send + Sync + use<S>, Traces), HostError>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let runtime = Handle::try_current().map_err(|error| HostError::Otlp(error.to_string()))?;
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(options.tls.config()?)
        .https_or_http()
        .enable_all_versions()
        .build();
    let sender = Sender { runtime, client: Client::builder(TokioExecutor::new()).build(https) };
    let header = |(name, value): (&String, &Secret)| (name.clone(), value.expose_secret().to_owned());
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(sender)
        .with_endpoint(options.endpoint.as_str())
        .with_headers(options.headers.iter().map(header).collect::<HashMap<_, _>>())
        .build()
        .map_err(|error| HostError::Otlp(error.to_string()))?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(Resource::builder_empty().with_service_name(options.service.clone()).build())
        .build();
    let tracer = provider.tracer("workflow-node-host");
    // Other crates tell what is not for a collector; wasmtime even what a guest passes.
    let ours =
        filter_fn(|what| *what.level() <= Level::DEBUG && what.target().starts_with("workflow_node_host"));
    let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
    Ok((layer.with_filter(ours), Traces { provider }))
}

/// Puts a span below its caller's, and tells under which name it is exported; `None`
/// where no layer exports it.
pub(crate) fn exported_as(span: &tracing::Span, caller: Option<&TraceParent>) -> Option<TraceParent> {
    if let Some(context) = caller.and_then(remote) {
        // Only where a layer is there to hear it.
        let _ = span.set_parent(Context::new().with_remote_span_context(context));
    }
    let context = span.context();
    let (span, flags) = (context.span(), context.span().span_context().trace_flags());
    let context = span.span_context();
    let parent = format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), flags.to_u8());
    context.is_valid().then(|| TraceParent::parse(&parent)).flatten()
}

fn remote(caller: &TraceParent) -> Option<SpanContext> {
    let flags = if caller.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let trace = TraceId::from_hex(&caller.trace_id).ok()?;
    let span = SpanId::from_hex(&caller.span_id).ok()?;
    Some(SpanContext::new(trace, span, flags, true, TraceState::default()))
}

/// Sends batches on the runtime of the embedder, whatever thread they come from.
#[derive(Debug)]
struct Sender {
    runtime: Handle,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let answer = async {
                let (head, body) = client.request(request.map(Full::new)).await?.into_parts();
                let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
                Ok::<_, HttpError>(Response::from_parts(head, body))
            };
            tokio::time::timeout(PATIENCE, answer).await?
        });
        sent.await?
    }
}
