//! Workflow steps: which outcome is possible now, and where it leads (HAPI §7.5).

use serde_json::Value;

use crate::{
    protocol::Refusal,
    state::{Row, TableId, World},
};

/// The step after an outcome, or the refusal where the ticket's step does not
/// offer it. Outcomes that no step mentions are always possible.
pub(super) fn next_step(world: &World, ticket: &Row, outcome: i64) -> Result<Option<i64>, Refusal> {
    let Some(workflow) = world.row(TableId::Workflows, ticket.int("workflow_id")) else {
        return Ok(None);
    };
    let steps = workflow.get("steps").and_then(Value::as_array).into_iter().flatten();
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_i64).unwrap_or(0);
    let actions: Vec<&Value> = steps
        .filter_map(|step| step.get("actions").and_then(Value::as_array))
        .flatten()
        .filter(|action| number(action, "action_id") == outcome)
        .collect();
    if actions.is_empty() {
        return Ok(None);
    }
    let here = ticket.int("workflow_step").max(1);
    match actions.iter().find(|action| number(action, "start_step") == here) {
        Some(action) => Ok(Some(number(action, "end_step"))),
        None => Err(Refusal::rule("You do not have access to this Action at the moment")),
    }
}
