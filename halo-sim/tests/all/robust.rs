//! Whatever comes in, an answer goes out.

use anyhow::Result;
use serde_json::json;

use crate::client::start;

const BODIES: &[&str] = &[
    "",
    "null",
    "[]",
    "{}",
    "[null]",
    "[[]]",
    "[{}]",
    "[{\"id\":null}]",
    "[{\"id\":-1}]",
    "[{\"id\":\"x\"}]",
    "[{\"id\":1e300}]",
    "[{\"id\":9223372036854775807}]",
    "[{\"id\":1,\"name\":{},\"summary\":[]}]",
    "[{\"id\":1,\"customfields\":[1,null,{\"id\":\"x\"}],\"attachments\":[7]}]",
    "[{\"ticket_id\":1,\"outcome_id\":7,\"attachments\":[{\"data_base64\":\"data:;base64,\\u0000\"}]}]",
    "[{\"dateoccurred\":\"99999-01-01\"}]",
    "[{\"timetaken\":1e308,\"ticket_id\":1,\"outcome\":\"Note\"}]",
    "[{\"summary\":\"\\ud800\"}]",
    "not json",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

const QUERIES: &[&str] = &[
    "pageinate=true&page_no=9223372036854775807&page_size=9223372036854775807",
    "pageinate=true&page_no=-1&page_size=0",
    "count=-5&order=&orderdesc=maybe",
    "search=%ff%00%&lastupdatefromdate=9999-99-99",
    "client_id=x&status=,,,&team=%F0%9F%98%80",
    "ticket_id=-9223372036854775808&lookupid=1",
    "advanced_search=%5B1%5D&include_custom_fields=a,b",
    "startdate=0001-01-01&enddate=9999-12-31T23:59:59.9999999Z&datesearch=nonsense",
    "&&&===&%",
];

#[tokio::test]
async fn strange_requests_get_answers() -> Result<()> {
    let client = start(&[]).await?;
    let resources = client.send("GET", "/_sim/resources", "", "").await?.json();
    for resource in resources.as_array().into_iter().flatten() {
        let path = resource["path"].as_str().unwrap_or_default();
        for query in QUERIES {
            let reply = client.get(&format!("{path}?{query}")).await?;
            // 404: there is no picture (HAPI §9).
            let expected: &[u16] = if path == "Attachment/image" { &[404] } else { &[200, 400, 405, 500] };
            assert!(expected.contains(&reply.status), "{path}?{query}: {}", reply.status);
        }
        for id in ["0", "-999999", "x", "9223372036854775808", "%F0%9F%98%80", "a%2Fb"] {
            for method in ["GET", "DELETE"] {
                let reply = client.call(method, &format!("{path}/{id}?ticket_id=1"), "").await?;
                assert!([400, 404, 405].contains(&reply.status), "{method} {path}/{id}: {}", reply.status);
            }
        }
        for body in BODIES {
            let reply = client.call("POST", path, body).await?;
            assert!([201, 400, 404, 405].contains(&reply.status), "POST {path} {body}: {}", reply.status);
        }
    }
    assert_eq!(client.post("Tickets", &json!([{ "summary": "still here" }])).await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn a_clock_far_away_breaks_nothing() -> Result<()> {
    let mut client = start(&["rate-limit=1000"]).await?;
    for by in [i64::MAX, i64::MAX, i64::MIN, 4_000_000_000_000_000] {
        client.sim.advance_clock_ms(by);
        client.login("all").await?;
        let status = client.post("Tickets", &json!([{ "summary": "x" }])).await?.status;
        assert!([201, 401].contains(&status), "{by}: {status}");
    }
    Ok(())
}
