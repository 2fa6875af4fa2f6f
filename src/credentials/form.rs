//! The credential form and the way to sign in with it, as data.
//!
//! The build script compiles this file too, to render the manifest.

/// How a field is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One line.
    Text,
    /// A web address.
    Url,
    /// One of the choices.
    Choice,
    /// One line that is never shown.
    Secret,
}

impl FieldKind {
    /// Its name in WIT and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Url => "url",
            Self::Choice => "choice",
            Self::Secret => "secret",
        }
    }
}

/// A field of the form.
#[derive(Debug)]
pub struct CredentialField {
    /// Key of its value.
    pub name: &'static str,
    /// What the person reads beside it.
    pub label: &'static str,
    /// What it is and where to find it.
    pub help: &'static str,
    /// An example.
    pub placeholder: Option<&'static str>,
    /// How it is asked for.
    pub kind: FieldKind,
    /// Whether it must be filled in.
    pub required: bool,
    /// Whether most people need not see it.
    pub advanced: bool,
    /// What it is when nobody fills it in.
    pub default: Option<&'static str>,
    /// Values with their labels.
    pub choices: &'static [(&'static str, &'static str)],
    /// Another field and the values of it for which this one is shown.
    pub shown_when: Option<(&'static str, &'static [&'static str])>,
}

/// Value of `hosting_type`: at Halo.
pub const HOSTED: &str = "hosted";
/// Value of `hosting_type`: on the customer's own server.
pub const ON_PREMISE: &str = "on_premise";

/// The form, in the order that people see.
pub static FIELDS: &[CredentialField] = &[
    CredentialField {
        name: "hosting_type",
        label: "Hosting type",
        help: "Where your HaloPSA runs. On your own server there is no tenant.",
        placeholder: None,
        kind: FieldKind::Choice,
        required: true,
        advanced: false,
        default: Some(HOSTED),
        choices: &[(HOSTED, "Hosted by Halo"), (ON_PREMISE, "On premise")],
        shown_when: None,
    },
    CredentialField {
        name: "url",
        label: "Address",
        help: "The address of your HaloPSA, as in the browser. The rest is found out from there.",
        placeholder: Some("https://example.halopsa.com"),
        kind: FieldKind::Url,
        required: true,
        advanced: false,
        default: None,
        choices: &[],
        shown_when: None,
    },
    CredentialField {
        name: "tenant",
        label: "Tenant",
        help: "Shown in HaloPSA under Configuration > Integrations > Halo API. Leave it empty to have it found out.",
        placeholder: Some("example"),
        kind: FieldKind::Text,
        required: false,
        advanced: false,
        default: None,
        choices: &[],
        shown_when: Some(("hosting_type", &[HOSTED])),
    },
    CredentialField {
        name: "client_id",
        label: "Client id",
        help: "Of the API application. It may change while you create the application: copy it after saving.",
        placeholder: Some("11111111-2222-3333-4444-555555555555"),
        kind: FieldKind::Text,
        required: true,
        advanced: false,
        default: None,
        choices: &[],
        shown_when: None,
    },
    CredentialField {
        name: "client_secret",
        label: "Client secret",
        help: "Of the API application. HaloPSA shows it once.",
        placeholder: None,
        kind: FieldKind::Secret,
        required: true,
        advanced: false,
        default: None,
        choices: &[],
        shown_when: None,
    },
    CredentialField {
        name: "scope",
        label: "Scope",
        help: "What to ask for, names with spaces between them. all stands for everything that the application allows.",
        placeholder: Some("edit:tickets read:customers"),
        kind: FieldKind::Text,
        required: false,
        advanced: true,
        default: Some("all"),
        choices: &[],
        shown_when: None,
    },
    CredentialField {
        name: "auth_url",
        label: "Authorisation server",
        help: "Only where it cannot be found out: Configuration > Integrations > Halo API shows it.",
        placeholder: Some("https://example.halopsa.com/auth"),
        kind: FieldKind::Url,
        required: false,
        advanced: true,
        default: None,
        choices: &[],
        shown_when: None,
    },
    CredentialField {
        name: "resource_url",
        label: "Resource server",
        help: "Only where it is not the address followed by /api: Configuration > Integrations > Halo API shows it.",
        placeholder: Some("https://example.halopsa.com/api"),
        kind: FieldKind::Url,
        required: false,
        advanced: true,
        default: None,
        choices: &[],
        shown_when: None,
    },
];

/// How a host signs in by itself (HAPI §3.1, §3.2): OAuth 2 client credentials.
/// Names in braces stand for fields of the form after `prepare`.
#[derive(Debug)]
pub struct Recipe {
    /// Where the token request goes.
    pub token_url: &'static str,
    /// Parameters for the query of the token URL; empty ones are left out.
    pub query: &'static [(&'static str, &'static str)],
    /// The field with the client id.
    pub client_id_field: &'static str,
    /// The field with the client secret.
    pub client_secret_field: &'static str,
    /// The scope parameter.
    pub scope: &'static str,
    /// JSON pointer to the token.
    pub access_token: &'static str,
    /// JSON pointer to its lifetime in seconds.
    pub expires_in: &'static str,
    /// JSON pointer to what was granted.
    pub granted_scope: &'static str,
    /// Lifetime of a token whose answer does not say it.
    pub default_lifetime_ms: u32,
    /// How long before its end a token is renewed.
    pub renew_before_ms: u32,
    /// The header that holds the token.
    pub header: &'static str,
    /// What stands before the token.
    pub prefix: &'static str,
    /// Statuses on which a fresh token is worth a try.
    pub renew_on: &'static [u16],
}

/// The recipe.
pub static RECIPE: Recipe = Recipe {
    token_url: "{auth_url}/token",
    query: &[("tenant", "{tenant}")],
    client_id_field: "client_id",
    client_secret_field: "client_secret",
    scope: "{scope}",
    access_token: "/access_token",
    expires_in: "/expires_in",
    granted_scope: "/scope",
    default_lifetime_ms: 3_600_000,
    renew_before_ms: 60_000,
    header: "authorization",
    prefix: "Bearer ",
    // Permissions live in the token, so 403 too (HAPI §3.2).
    renew_on: &[401, 403],
};

/// The most that the node ever needs to reach.
pub const EGRESS: &[&str] = &[
    "{resource_url}",
    "{auth_url}",
    "{url}",
    "https://*.halopsa.com",
    "https://*.haloitsm.com",
    "https://*.haloservicedesk.com",
    "https://*.halocrm.com",
    "https://*.halocrm.io",
    "https://*.usehalo.com",
];

/// How to make an API application.
pub const DOCUMENTATION_URL: &str = "https://halopsa.com/guides/article/?kbid=1823";
