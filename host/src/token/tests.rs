use std::collections::BTreeMap;

use super::*;
use crate::credentials::Typed;
use crate::form::{HeaderInjection, Injection, Parameter};

fn parameter(name: &str, value: &str) -> Parameter {
    Parameter { name: name.to_owned(), value: value.to_owned() }
}

fn recipe() -> Oauth2ClientCredentials {
    Oauth2ClientCredentials {
        token_url: "{auth_url}/token".to_owned(),
        query: vec![parameter("tenant", "{tenant}")],
        form: vec![parameter("audience", "{audience}"), parameter("empty", "{missing}")],
        client_authentication: ClientAuthentication::RequestBody,
        client_id_field: "id".to_owned(),
        client_secret_field: "secret".to_owned(),
        scope: "{scope}".to_owned(),
        access_token: "/access_token".to_owned(),
        expires_in: "/expires_in".to_owned(),
        granted_scope: None,
        default_lifetime_ms: 600_000,
        renew_before_ms: 60_000,
        inject: Injection::Header(HeaderInjection {
            name: "authorization".to_owned(),
            prefix: "Bearer ".to_owned(),
        }),
        renew_on: vec![401],
    }
}

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn request(
    recipe: &Oauth2ClientCredentials,
    pairs: &[(&str, &str)],
    token_url: Option<&str>,
) -> Result<TokenRequest, HostError> {
    let mut all = fields(&[("auth_url", "https://a.example/auth"), ("id", "client"), ("scope", "all x")]);
    all.extend(fields(pairs));
    let secrets = [("secret".to_owned(), Secret::new("s&cret"))].into();
    let ingredients = Ingredients { fields: &all, typed: &Typed::default(), secrets: &secrets, token_url };
    TokenRequest::new(recipe, &ingredients, &Arc::default())
}

#[test]
fn the_form_is_filled_and_encoded_and_leaves_out_what_is_empty() {
    let request = request(&recipe(), &[("audience", "api")], None).expect("request");
    assert_eq!(
        request.form.expose_secret(),
        "grant_type=client_credentials&client_id=client&client_secret=s%26cret&scope=all+x&audience=api"
    );
    assert!(request.authorization.is_none());
}

#[test]
fn the_token_url_is_filled_with_its_query() {
    let url = |pairs| request(&recipe(), pairs, None).expect("request").uri.to_string();
    assert_eq!(url(&[]), "https://a.example/auth/token");
    assert_eq!(url(&[("tenant", "a b")]), "https://a.example/auth/token?tenant=a+b");
}

#[test]
fn the_token_url_of_prepare_goes_before_the_template() {
    let prepared = "https://b.example/t/token?tenant=z";
    let request = request(&recipe(), &[], Some(prepared)).expect("request");
    assert_eq!(request.uri.to_string(), prepared);
}

#[test]
fn a_client_in_the_header_is_not_in_the_form() {
    let mut recipe = recipe();
    recipe.client_authentication = ClientAuthentication::BasicHeader;
    let request = request(&recipe, &[], None).expect("request");
    assert!(!request.form.expose_secret().contains("client_secret"));
    let header = request.authorization.expect("header");
    let pair = header.to_str().expect("text").strip_prefix("Basic ").expect("basic").to_owned();
    assert_eq!(STANDARD.decode(pair).expect("base64"), b"client:s%26cret");
}

#[test]
fn a_secret_is_never_put_into_a_url() {
    let mut recipe = recipe();
    recipe.query.push(parameter("key", "{secret}"));
    assert!(matches!(request(&recipe, &[], None), Err(HostError::Recipe(_))));
}

#[test]
fn a_missing_field_is_told_by_name() {
    let mut recipe = recipe();
    recipe.client_id_field = "nobody".to_owned();
    let error = request(&recipe, &[], None).expect_err("missing").to_string();
    assert!(error.contains("`nobody`"), "{error}");
}

fn lifetime(expires_in: &str) -> Duration {
    let body = format!("{{\"access_token\":\"tok\",\"expires_in\":{expires_in}}}");
    let token = request(&recipe(), &[], None).expect("request").read(body.as_bytes()).expect("token");
    assert_eq!(token.value.expose_secret(), "tok");
    token.renew_at.expect("an end").saturating_duration_since(token.obtained)
}

#[test]
fn a_token_is_renewed_before_its_end() {
    assert_eq!(lifetime("3600"), Duration::from_secs(3540));
    assert_eq!(lifetime("\"3600\""), Duration::from_secs(3540));
    assert_eq!(lifetime("100"), Duration::from_secs(75), "a short life is not spent on renewing");
    for unknown in ["null", "-5", "\"soon\"", "1e300"] {
        assert_eq!(lifetime(unknown), Duration::from_secs(540), "{unknown}");
    }
}

#[test]
fn an_answer_without_a_token_is_a_protocol_error() {
    for body in ["", "<html>", "[]", "{}", "{\"access_token\":\"\"}", "{\"access_token\":1}"] {
        let error =
            request(&recipe(), &[], None).expect("request").read(body.as_bytes()).expect_err("no token");
        assert_eq!(error.node_error().map(|error| error.kind), Some(ErrorKind::Protocol), "{body}");
    }
}

#[test]
fn refusals_are_told_apart_by_what_to_do() {
    let refused = |status: u16, body: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::RETRY_AFTER, HeaderValue::from_static("7"));
        let status = StatusCode::from_u16(status).expect("status");
        request(&recipe(), &[], None).expect("request").refused(status, &headers, body.as_bytes())
    };
    let error = refused(400, "{\"error\":\"invalid_client\",\"error_description\":\"No client.\"}");
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    assert_eq!(error.vendor_message.as_deref(), Some("No client."));
    assert_eq!(refused(404, "<html>").kind, ErrorKind::InvalidInput);
    assert_eq!(refused(302, "").kind, ErrorKind::InvalidInput);
    let busy = refused(429, "");
    assert_eq!(busy.kind, ErrorKind::RateLimited);
    assert!(matches!(busy.retry, Retry::AfterMs(7000)));
    assert_eq!(refused(503, "").kind, ErrorKind::Unavailable);
}

#[test]
fn neither_request_nor_token_shows_a_secret() {
    let request = request(&recipe(), &[], None).expect("request");
    let token = request.read(b"{\"access_token\":\"tok-secret\"}").expect("token");
    let text = format!("{request:?} {token:?}");
    assert!(!text.contains("cret") && !text.contains("tok-"), "{text}");
}

fn lease(token: &Arc<Token>) -> TokenUse {
    TokenUse::new(Lease { value: Arc::clone(token), generation: 1, fresh: true })
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

#[tokio::test]
async fn a_fresh_token_that_nobody_had_success_with_is_not_worn_out() {
    let token = Arc::new(Token::new("tok", Duration::from_secs(60)));
    drop(lease(&token));
    assert!(!token.is_worn_out(soon()).await);
}

#[tokio::test]
async fn a_token_that_was_accepted_once_is_worn_out_when_it_is_refused() {
    let token = Arc::new(Token::new("tok", Duration::from_secs(60)));
    lease(&token).accepted();
    assert!(token.is_worn_out(soon()).await);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_waits_for_requests_with_the_same_token_but_not_for_ever() {
    let token = Arc::new(Token::new("tok", Duration::from_secs(60)));
    let other = lease(&token);
    let (worn_out, ()) = tokio::join!(token.is_worn_out(soon()), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        other.accepted();
    });
    assert!(worn_out);

    let token = Arc::new(Token::new("tok", Duration::from_secs(60)));
    let _silent = lease(&token);
    let started = Instant::now();
    assert!(!token.is_worn_out(soon()).await);
    assert_eq!(started.elapsed(), VERDICT);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lay_about_for_long_is_worn_out() {
    let token = Token::new("tok", Duration::from_secs(600));
    tokio::time::sleep(FRESH).await;
    assert!(token.is_worn_out(soon()).await);
}
