//! Whose client is it? Suggestions for organisations of other systems.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::support::{drive, text};

#[test]
fn organisations_find_their_clients_or_a_reason_why_not() -> Result<()> {
    drive!(["mapping.suggest", "api.request", "client.create"], [], async |desk| {
        let input = json!({ "method": "GET", "path": "/Client", "query": { "includeazuretenants": true } });
        let clients = desk.result("api.request", input).await?;
        let rows = clients.pointer("/body/clients").and_then(Value::as_array).context("no clients")?;
        let tenant = rows.iter().find_map(|row| row.pointer("/azure_tenants/0/azure_tenant_id"));
        let tenant = tenant.context("no client has a tenant")?;

        for name in ["Contoso Limited", "Twin", "twin"] {
            desk.result("client.create", json!({ "name": name })).await?;
        }
        let items = json!([
            { "tenant_id": tenant },
            { "name": "contoso ltd" },
            { "name": "TWIN" },
            { "name": "Nobody We Know" },
            { "domain": "client8.example" },
        ]);
        let suggestions = desk.results("mapping.suggest", items).await?;
        let told: Vec<(&str, bool, bool)> = suggestions
            .iter()
            .map(|one| (text(one, "reason"), one["client_id"].is_u64(), one["ambiguous"] == true))
            .collect();
        assert_eq!(
            told,
            [
                ("tenant_id", true, false),
                ("similar_name", true, false),
                ("name", false, true),
                ("", false, false),
                ("tenant_domain", true, false),
            ],
            "{suggestions:#?}"
        );
        let pages = desk.requests("GET", "/client");
        assert!(pages <= 3, "all clients are read once for all items: {pages} requests");
        Ok(())
    })
}
