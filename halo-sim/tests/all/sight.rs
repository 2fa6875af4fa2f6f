//! What the agent of the API sees, from his own record (HAPI §3.5, §14.31).

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::client::{Client, ids, start};

const ME: i64 = 12;

async fn tickets(client: &Client, query: &str) -> Result<u64> {
    let list = client.get(&format!("Tickets?pageinate=true&page_size=1{query}")).await?.json();
    list.get("record_count").and_then(Value::as_u64).context("no count")
}

#[tokio::test]
async fn an_agent_without_team_and_department_gets_empty_lists() -> Result<()> {
    let client = start(&[]).await?;
    assert_eq!(tickets(&client, "").await?, 717);
    client.post("Agent", &json!([{ "id": ME, "teams": [], "departments": [] }])).await?;
    assert_eq!(tickets(&client, "").await?, 0);
    let teams = client.get("Team").await?;
    assert_eq!((teams.status, teams.json()), (200, json!([])));
    assert_eq!(client.get("Agent/me").await?.json()["id"], ME);
    assert_eq!(client.get("Tickets/717").await?.status, 403);
    Ok(())
}

#[tokio::test]
async fn an_agent_sees_the_tickets_of_his_teams_and_departments() -> Result<()> {
    let client = start(&[]).await?;
    let (all, first, projects) =
        (tickets(&client, "").await?, tickets(&client, "&team=1").await?, tickets(&client, "&team=4").await?);
    assert!(first > 0 && first < all);
    client.post("Agent", &json!([{ "id": ME, "teams": [{ "team_id": 1 }], "departments": [] }])).await?;
    assert_eq!(tickets(&client, "").await?, first);
    let hidden = client.sim.records("Tickets").into_iter().find(|ticket| ticket["team_id"] == 2);
    let hidden = hidden.context("no ticket of team 2")?["id"].clone();
    assert_eq!(client.get(&format!("Tickets/{hidden}")).await?.status, 403);
    let actions = client.get(&format!("Actions?ticket_id={hidden}")).await?.json();
    assert!(ids(&actions, "actions").is_empty());
    client
        .post("Agent", &json!([{ "id": ME, "teams": [], "departments": [{ "department_id": 3 }] }]))
        .await?;
    assert_eq!(tickets(&client, "").await?, all - projects);
    Ok(())
}

#[tokio::test]
async fn an_agent_may_be_kept_to_clients() -> Result<()> {
    let client = start(&[]).await?;
    client.post("Agent", &json!([{ "id": ME, "clients": [{ "client_id": 12 }] }])).await?;
    let clients = client.get("Client?pageinate=true").await?.json();
    assert_eq!(ids(&clients, "clients"), [12]);
    assert_eq!(tickets(&client, "").await?, tickets(&client, "&client_id=12").await?);
    client.sim.add_quirk("agent-sees-clients=13".parse()?);
    assert_eq!(ids(&client.get("Client?pageinate=true").await?.json(), "clients"), [13], "the switch wins");
    Ok(())
}
