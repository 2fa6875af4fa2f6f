//! The credential form of version 0.1.0 as JSON, as a manifest has it.

use serde_json::{Value, json};

use super::generated::exports::workflow::node::node::{
    AuthRecipe, ClientAuthentication, CredentialField, CredentialSpec, FieldKind, Injection,
    Oauth2ClientCredentials, Parameter,
};
use workflow_node_sdk::json_form::{list, object};

/// The credential form: `fields`, `auth_recipe`, `egress`, `documentation_url`.
pub(super) fn credential_spec(spec: &CredentialSpec) -> Value {
    object([
        ("fields", Some(list(&spec.fields, credential_field))),
        ("auth_recipe", Some(auth_recipe(&spec.auth_recipe))),
        ("egress", Some(json!(spec.egress))),
        ("documentation_url", spec.documentation_url.as_ref().map(|url| json!(url))),
    ])
}

fn credential_field(field: &CredentialField) -> Value {
    let kind = match field.kind {
        FieldKind::Text => "text",
        FieldKind::Multiline => "multiline",
        FieldKind::Url => "url",
        FieldKind::Integer => "integer",
        FieldKind::Number => "number",
        FieldKind::Boolean => "boolean",
        FieldKind::Choice => "choice",
        FieldKind::Choices => "choices",
        FieldKind::Secret => "secret",
    };
    let choices = list(&field.choices, |choice| {
        object([
            ("value", Some(json!(choice.value))),
            ("label", Some(json!(choice.label))),
            ("help", choice.help.as_ref().map(|text| json!(text))),
        ])
    });
    let shown_when = list(&field.shown_when, |when| json!({ "field": when.field, "values": when.values }));
    object([
        ("name", Some(json!(field.name))),
        ("label", Some(json!(field.label))),
        ("help", Some(json!(field.help))),
        ("placeholder", field.placeholder.as_ref().map(|text| json!(text))),
        ("kind", Some(json!(kind))),
        ("required", Some(json!(field.required))),
        ("advanced", Some(json!(field.advanced))),
        ("default_value", field.default_value.as_ref().map(|text| json!(text))),
        ("choices", Some(choices)),
        ("shown_when", Some(shown_when)),
    ])
}

fn auth_recipe(recipe: &AuthRecipe) -> Value {
    match recipe {
        AuthRecipe::None => json!("none"),
        AuthRecipe::StaticToken(token) => json!({ "static_token": {
            "token_field": token.token_field,
            "inject": injection(&token.inject),
        } }),
        AuthRecipe::Basic(basic) => json!({ "basic": {
            "username_field": basic.username_field,
            "password_field": basic.password_field,
        } }),
        AuthRecipe::Oauth2ClientCredentials(recipe) => {
            json!({ "oauth2_client_credentials": oauth2(recipe) })
        }
        AuthRecipe::ByNode => json!("by-node"),
    }
}

fn oauth2(recipe: &Oauth2ClientCredentials) -> Value {
    let parameters = |parameters: &[Parameter]| {
        list(parameters, |parameter| json!({ "name": parameter.name, "value": parameter.value }))
    };
    let client_authentication = match recipe.client_authentication {
        ClientAuthentication::RequestBody => "request-body",
        ClientAuthentication::BasicHeader => "basic-header",
    };
    object([
        ("token_url", Some(json!(recipe.token_url))),
        ("query", Some(parameters(&recipe.query))),
        ("form", Some(parameters(&recipe.form))),
        ("client_authentication", Some(json!(client_authentication))),
        ("client_id_field", Some(json!(recipe.client_id_field))),
        ("client_secret_field", Some(json!(recipe.client_secret_field))),
        ("scope", Some(json!(recipe.scope))),
        ("access_token", Some(json!(recipe.access_token))),
        ("expires_in", Some(json!(recipe.expires_in))),
        ("granted_scope", recipe.granted_scope.as_ref().map(|pointer| json!(pointer))),
        ("default_lifetime_ms", Some(json!(recipe.default_lifetime_ms))),
        ("renew_before_ms", Some(json!(recipe.renew_before_ms))),
        ("inject", Some(injection(&recipe.inject))),
        ("renew_on", Some(json!(recipe.renew_on))),
    ])
}

fn injection(injection: &Injection) -> Value {
    match injection {
        Injection::Header(header) => json!({ "header": { "name": header.name, "prefix": header.prefix } }),
        Injection::Query(name) => json!({ "query": name }),
    }
}
