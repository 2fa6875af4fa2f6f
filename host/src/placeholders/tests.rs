use super::*;
use crate::credentials::{Credentials, Typed};
use crate::form::{Basic, HeaderInjection, Injection, Parameter, StaticToken};

const SECRET: &str = "hunter&22";
const TOKEN: &str = "tok-very-secret";

fn oauth(client_authentication: ClientAuthentication) -> AuthRecipe {
    AuthRecipe::Oauth2ClientCredentials(Box::new(Oauth2ClientCredentials {
        token_url: "https://id.example/token".to_owned(),
        query: Vec::new(),
        form: vec![Parameter { name: "extra".to_owned(), value: "x-{pin}".to_owned() }],
        client_authentication,
        client_id_field: "id".to_owned(),
        client_secret_field: "secret".to_owned(),
        scope: String::new(),
        access_token: "/access_token".to_owned(),
        expires_in: "/expires_in".to_owned(),
        granted_scope: None,
        default_lifetime_ms: 1000,
        renew_before_ms: 100,
        inject: Injection::Header(HeaderInjection {
            name: "authorization".to_owned(),
            prefix: "Bearer ".to_owned(),
        }),
        renew_on: vec![401],
    }))
}

struct Tried {
    vault: Vault,
    secret: String,
    pin: String,
}

fn plan(recipe: AuthRecipe) -> LoginPlan {
    let secret =
        [("pin".to_owned(), Secret::new("pin-1234")), ("secret".to_owned(), Secret::new(SECRET))].into();
    LoginPlan {
        recipe,
        credentials: Credentials { plain: [("id".to_owned(), "me".to_owned())].into() },
        typed: Typed::default(),
        token_url: None,
        keyring: Arc::new(Keyring::new(secret, None, Vec::new(), Arc::default())),
        secrets: Arc::default(),
    }
}

fn tried(recipe: AuthRecipe) -> Tried {
    let vault = Vault::new(&plan(recipe)).expect("vault");
    let told: BTreeMap<String, String> = vault.fields().map(|field| (field.name, field.value)).collect();
    assert!(!format!("{told:?} {vault:?}").contains(SECRET));
    Tried { secret: told["secret"].clone(), pin: told["pin"].clone(), vault }
}

impl Tried {
    async fn send(&self, method: Method, url: &str, headers: &[(&str, &str)], body: &str) -> Sent {
        let mut request = Request::new(full(Bytes::from(body.to_owned())));
        *request.method_mut() = method;
        *request.uri_mut() = url.parse().expect("a URL");
        for (name, value) in headers {
            let name: http::HeaderName = name.parse().expect("a name");
            request.headers_mut().insert(name, HeaderValue::try_from(*value).expect("a value"));
        }
        match self.vault.fill(request, &Room::default()).await {
            Ok((request, answer)) => {
                let (head, body) = request.into_parts();
                let body = body.collect().await.expect("body").to_bytes();
                Ok((head, String::from_utf8(body.to_vec()).expect("text"), answer))
            }
            Err(Failure::Refused(refusal)) => Err(refusal.reason),
            Err(failure) => panic!("{failure}"),
        }
    }

    async fn token(&self, status: u16, body: &str) -> String {
        let mut response = Response::new(full(Bytes::from(body.to_owned())));
        *response.status_mut() = status.try_into().expect("a status");
        let veiled = self.vault.veil(response).await.expect("an answer");
        String::from_utf8(veiled.into_body().collect().await.expect("body").to_bytes().to_vec())
            .expect("text")
    }
}

/// What a request became, or why it was refused.
type Sent = Result<(http::request::Parts, String, Answer), String>;

#[tokio::test]
async fn the_secret_goes_into_the_form_of_the_token_request() {
    let tried = tried(oauth(ClientAuthentication::RequestBody));
    let form = format!("grant_type=client_credentials&client_secret={}&extra=x-{}", tried.secret, tried.pin);
    let length = form.len().to_string();
    let headers = [("content-length", length.as_str())];
    let sent = tried.send(Method::POST, "https://id.example/token?tenant=a", &headers, &form);
    let (head, body, answer) = sent.await.expect("filled");
    assert_eq!(body, "grant_type=client_credentials&client_secret=hunter%2622&extra=x-pin-1234");
    assert_eq!((answer, head.headers.get("content-length")), (Answer::Token, None));
}

#[tokio::test]
async fn the_secret_goes_into_the_basic_header_where_that_is_declared() {
    let tried = tried(oauth(ClientAuthentication::BasicHeader));
    let basic = |password: &str| format!("Basic {}", STANDARD.encode(format!("me:{password}")));
    let header = basic(&tried.secret);
    let headers = [("authorization", header.as_str())];
    let sent = tried.send(Method::POST, "https://id.example/token", &headers, "a=b");
    let (head, body, _) = sent.await.expect("filled");
    // RFC 6749, 2.3.1: form-encoded before it is joined.
    assert_eq!(head.headers["authorization"], basic("hunter%2622"));
    assert_eq!(body, "a=b");
    let form = format!("client_secret={}", tried.secret);
    let sent = tried.send(Method::POST, "https://id.example/token", &[], &form).await;
    assert!(sent.is_err(), "{sent:?}");
}

#[tokio::test]
async fn a_token_comes_back_as_a_placeholder_and_goes_out_as_itself() {
    let tried = tried(oauth(ClientAuthentication::RequestBody));
    let answer = format!(
        r#"{{"access_token":"{TOKEN}","expires_in":60,"refresh_token":"refresh-me","again":"{TOKEN}"}}"#
    );
    let told: Value = serde_json::from_str(&tried.token(200, &answer).await).expect("JSON");
    let placeholder = told["access_token"].as_str().expect("a text").to_owned();
    assert!(placeholder.starts_with("placeholder-"), "{told}");
    assert_eq!((&told["expires_in"], &told["again"]), (&60.into(), &"***".into()));
    assert!(!told.to_string().contains("refresh-me"), "{told}");

    let bearer = format!("Bearer {placeholder}");
    let sent = tried.send(Method::GET, "https://api.example/x", &[("authorization", &bearer)], "").await;
    let (head, _, answer) = sent.expect("filled");
    assert_eq!(head.headers["authorization"], format!("Bearer {TOKEN}"));
    assert!(head.headers["authorization"].is_sensitive() && answer == Answer::Plain);
}

#[tokio::test]
async fn each_token_has_its_own_placeholder_and_keeps_it() {
    let tried = tried(oauth(ClientAuthentication::RequestBody));
    let mut seen = std::collections::BTreeSet::new();
    for number in 0..100 {
        let answer = tried.token(200, &format!(r#"{{"access_token":"token-{number:04}"}}"#)).await;
        assert_eq!(answer, tried.token(200, &format!(r#"{{"access_token":"token-{number:04}"}}"#)).await);
        assert!(seen.insert(answer), "a placeholder was used twice");
    }
    assert_eq!(tried.vault.tokens.lock().expect("tokens").len(), TOKENS);
}

#[tokio::test]
async fn an_answer_without_a_token_gives_nothing_away() {
    let tried = tried(oauth(ClientAuthentication::RequestBody));
    assert_eq!(tried.token(200, &format!(r#"{{"token":"{TOKEN}"}}"#)).await, "{}");
    assert_eq!(tried.token(200, TOKEN).await, "");
    let refused = tried.token(400, &format!(r#"{{"error":"no client with {SECRET}"}}"#)).await;
    // The real host knows its secrets; this vault was given a list without them.
    tried.vault.secrets.add(SECRET);
    let known = tried.token(400, &format!(r#"{{"error":"no client with {SECRET}"}}"#)).await;
    assert!(refused.contains("no client") && known.contains("no client with ***"), "{known}");
}

#[tokio::test]
async fn a_placeholder_in_any_other_place_is_refused() {
    let tried = tried(oauth(ClientAuthentication::RequestBody));
    let (secret, pin) = (tried.secret.as_str(), tried.pin.as_str());
    let api = "https://api.example/x";
    let form = format!("client_secret={secret}");
    let wrong_field = format!("client_secret={pin}");
    let other_field = format!("scope={secret}");
    let bearer = format!("Bearer {secret}");
    let in_query = format!("{api}?x={secret}");
    let headers: [(&str, &str); 1] = [("x-echo", secret)];
    let bearers: [(&str, &str); 1] = [("authorization", &bearer)];
    for (method, url, headers, body) in [
        (Method::POST, api, &[][..], form.as_str()),
        (Method::GET, "https://id.example/token", &[], &form),
        (Method::POST, "http://id.example/token", &[], &form),
        (Method::POST, "https://id.example/other", &[], &form),
        (Method::POST, "https://id.example/token", &[], &wrong_field),
        (Method::POST, "https://id.example/token", &[], &other_field),
        (Method::GET, api, &headers, ""),
        (Method::GET, api, &bearers, ""),
        (Method::GET, &in_query, &[], ""),
    ] {
        let what = format!("{method} {url} {headers:?} {body}");
        match tried.send(method, url, headers, body).await {
            Err(reason) => {
                assert!(reason.contains("declares none") && !reason.contains("placeholder-"), "{reason}");
            }
            Ok(sent) => panic!("{what} became {sent:?}"),
        }
    }
}

#[tokio::test]
async fn a_typed_key_goes_into_its_header_or_parameter_alone() {
    let key = |inject| AuthRecipe::StaticToken(StaticToken { token_field: "secret".to_owned(), inject });
    let in_header = tried(key(Injection::Header(HeaderInjection {
        name: "x-api-key".to_owned(),
        prefix: String::new(),
    })));
    let headers = [("x-api-key", in_header.secret.as_str())];
    let (head, ..) = in_header.send(Method::GET, "https://a.example/", &headers, "").await.expect("filled");
    assert_eq!(head.headers["x-api-key"], SECRET);

    let in_query = tried(key(Injection::Query("key".to_owned())));
    let url = format!("https://a.example/p?a=b+c&key={}", in_query.secret);
    let (head, ..) = in_query.send(Method::GET, &url, &[], "").await.expect("filled");
    assert_eq!(head.uri.to_string(), "https://a.example/p?a=b+c&key=hunter%2622");
    let url = format!("https://a.example/p?other={}", in_query.secret);
    assert!(in_query.send(Method::GET, &url, &[], "").await.is_err());
}

#[tokio::test]
async fn a_password_goes_into_the_basic_header() {
    let basic = Basic { username_field: "id".to_owned(), password_field: "secret".to_owned() };
    let tried = tried(AuthRecipe::Basic(basic));
    let header = format!("Basic {}", STANDARD.encode(format!("me:{}", tried.secret)));
    let sent = tried.send(Method::GET, "https://a.example/", &[("authorization", &header)], "").await;
    let expected = format!("Basic {}", STANDARD.encode(format!("me:{SECRET}")));
    assert_eq!(sent.expect("filled").0.headers["authorization"], expected);
}

#[test]
fn without_a_recipe_there_is_no_place_for_a_secret() {
    assert!(matches!(Vault::new(&plan(AuthRecipe::Custom)), Err(HostError::Recipe(_))));
}
