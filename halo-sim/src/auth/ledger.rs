//! The tokens that were issued, and what became of them.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Application, Grants};
use crate::state::seed::random::Random;

/// Who makes a call.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The agent that the application logs in as.
    pub(crate) agent_id: i64,
    /// The application's name.
    pub(crate) application: &'static str,
    /// What the token may do.
    pub(crate) grants: Grants,
}

/// All tokens of the tenant.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    tokens: HashMap<String, Issued>,
    order: Vec<String>,
}

#[derive(Debug)]
struct Issued {
    grants: Grants,
    expires_ms: i64,
    calls: u64,
    revoked: bool,
}

/// Why a token is refused; the words go to the request log only.
pub(crate) type Reason = &'static str;

impl Ledger {
    /// Issues a token shaped like a signed JWT (HAPI §3.2); nothing is signed.
    pub(crate) fn issue(
        &mut self,
        application: &Application,
        grants: Grants,
        now_ms: i64,
        lifetime_s: u32,
    ) -> String {
        let serial = self.order.len();
        let expires_ms = now_ms.saturating_add(i64::from(lifetime_s) * 1000);
        let token = jwt(application, &grants, serial, now_ms, expires_ms);
        self.order.push(token.clone());
        self.tokens.insert(token.clone(), Issued { grants, expires_ms, calls: 0, revoked: false });
        token
    }

    /// Checks a token and counts the call that it is used for.
    pub(crate) fn admit(
        &mut self,
        token: &str,
        now_ms: i64,
        most_calls: Option<u64>,
    ) -> Result<Grants, Reason> {
        let issued = self.tokens.get_mut(token).ok_or("the token was not issued here")?;
        if issued.revoked {
            return Err("the token was revoked");
        }
        if now_ms >= issued.expires_ms {
            return Err("the token has expired");
        }
        if issued.grants.is_empty() {
            return Err("the token was requested without a scope");
        }
        if most_calls.is_some_and(|most| issued.calls >= most) {
            return Err("the switch token-dies-after");
        }
        issued.calls += 1;
        Ok(issued.grants.clone())
    }

    /// Refuses all tokens issued so far.
    pub(crate) fn revoke_all(&mut self) {
        for issued in self.tokens.values_mut() {
            issued.revoked = true;
        }
    }

    /// All tokens in the order of issue.
    #[must_use]
    pub(crate) fn issued(&self) -> Vec<String> {
        self.order.clone()
    }
}

fn jwt(application: &Application, grants: &Grants, serial: usize, now_ms: i64, expires_ms: i64) -> String {
    let header = serde_json::json!({ "alg": "RS256", "kid": "HALO-SIM", "typ": "at+jwt" });
    let claims = serde_json::json!({
        "iss": "halo-sim",
        "sub": application.agent_id.to_string(),
        "client_id": application.client_id,
        "scope": grants.to_string(),
        "iat": now_ms / 1000,
        "exp": expires_ms / 1000,
        "jti": format!("{serial}-{now_ms}"),
    });
    let mut random = Random::new(now_ms.unsigned_abs() ^ ((serial as u64) << 48));
    let signature: Vec<u8> = (0..32).flat_map(|_| random.next().to_le_bytes()).collect();
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!(
        "{}.{}.{}",
        encode(header.to_string().as_bytes()),
        encode(claims.to_string().as_bytes()),
        encode(&signature)
    )
}
