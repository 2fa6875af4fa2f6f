//! Ticket life: opening, changing, closing, deleting, restoring (HAPI §7).

use serde_json::Value;

use super::{Desk, Written, actions, attachments, generic, mandatory, priorities};
use crate::{
    protocol::{Refusal, dates::NO_DATE},
    resources::{Resource, Rows, patch::Element},
    state::{Key, Row, TableId, World},
};

/// The stock status that closes; statuses have no flag for it (HAPI §7.4, §7.5).
pub(crate) const CLOSED: i64 = 9;
/// The stock status of a new ticket.
const NEW: i64 = 1;
/// The reserved agent "Unassigned".
pub(crate) const UNASSIGNED: i64 = 1;
/// Marks the tickets that the API made; never sent.
pub(crate) const BY_API: &str = "made_by_api";
/// The client "Unknown".
const UNKNOWN_CLIENT: i64 = 1;

/// Opens a ticket, or changes the one that the element names.
pub(crate) fn write(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Written, Refusal> {
    let matched = matched(desk.world, resource, element);
    let key = match element.key.as_ref().or(matched.as_ref()) {
        Some(key) => change(desk, resource, key, element)?,
        None => open(desk, resource, element)?,
    };
    Ok(Written::plain(key))
}

/// The ticket that `_match_thirdparty_id` means. That it matches
/// `third_party_id_string`, and fills it, is assumed (HAPI §10.20).
fn matched(world: &World, resource: &'static Resource, element: &Element) -> Option<Key> {
    let wanted = element.raw_text("_match_thirdparty_id")?;
    let mut tickets = world.table(resource.table).rows();
    let ticket = tickets.find(|row| !row.flag("deleted") && row.text("third_party_id_string") == wanted)?;
    Some(Key::Int(ticket.int("id")))
}

fn open(desk: &mut Desk<'_>, resource: &'static Resource, element: &Element) -> Result<Key, Refusal> {
    attachments::check(element.raw.get("attachments"))?;
    let mut row = Row::new();
    generic::apply(desk, resource, &mut row, element);
    generic::check_required(resource, &element.patch)?;
    let kind = kind_of(desk.world, resource, &mut row)?;
    settle_customer(desk.world, &mut row, element)?;
    match element.raw_text("team") {
        Some(name) => set_team(desk.world, &mut row, name),
        None if row.has("team_id") => {}
        None => set_team(desk.world, &mut row, kind.text("default_team")),
    }
    fill_from_type(&mut row, &kind);
    if !element.commands("_novalidate") {
        mandatory::check(desk.world, &row)?;
    }
    if row.has("status_id") {
        must_exist(desk.world, TableId::Statuses, row.int("status_id"), "Status")?;
    }
    if row.has("agent_id") {
        must_exist(desk.world, TableId::Agents, row.int("agent_id"), "Agent")?;
    }
    settle(desk, &mut row, &kind);
    cut_summary(desk, &mut row);
    row.set(BY_API, true);
    if let Some(theirs) = element.raw_text("_match_thirdparty_id") {
        row.set("third_party_id_string", theirs);
    }
    let id = desk.world.table_mut(resource.table).next_id();
    // The id stands first on the wire.
    let mut ticket = Row::new().with("id", id);
    for (name, value) in row.into_fields() {
        ticket.set(name, value);
    }
    count_child(desk.world, ticket.int("parent_id"), 1);
    let first = actions::opening(desk, &ticket);
    desk.tell(None, &ticket);
    desk.world.table_mut(resource.table).put(Key::Int(id), ticket);
    desk.world.table_mut(TableId::Actions).put(Key::Pair(id, 1), first);
    attachments::inline(desk, element.raw.get("attachments"), id, 1)?;
    Ok(Key::Int(id))
}

/// Everything that a new ticket has although nobody sent it.
fn settle(desk: &Desk<'_>, row: &mut Row, kind: &Row) {
    let default = |row: &mut Row, name: &'static str, value: Value| {
        if !row.has(name) {
            row.set(name, value);
        }
    };
    let or = |first: i64, second: i64| if first == 0 { second } else { first };
    let site_sla = desk.world.row(TableId::Sites, row.int("site_id")).map_or(0, |site| site.int("sla_id"));
    let sla = or(row.int("sla_id"), or(site_sla, or(kind.int("default_sla"), 1)));
    row.set("sla_id", sla);
    let priority = priorities::resolve(desk.world, sla, row.int("priority_id"), kind.int("default_priority"));
    row.set("priority_id", priority);
    default(row, "status_id", or(kind.int("initial_status"), NEW).into());
    default(row, "agent_id", or(kind.int("default_agent"), UNASSIGNED).into());
    default(row, "dateoccurred", desk.now.as_str().into());
    default(row, "workflow_id", kind.int("workflow_id").into());
    default(row, "workflow_step", kind.int("workflow_id").min(1).into());
    default(row, "use", kind.text("use").into());
    default(row, "ticketarea_id", kind.int("group_id").into());
    row.set("organisation_id", 1);
    row.set("lastactiondate", desk.now.as_str());
    row.set("last_update", desk.now.as_str());
    if row.int("agent_id") != UNASSIGNED {
        row.set("dateassigned", desk.now.as_str());
    }
    priorities::set_targets(desk.world, row);
    mark_closed(row, &desk.now);
}

fn change(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    key: &Key,
    element: &Element,
) -> Result<Key, Refusal> {
    let table = desk.world.table(resource.table);
    let before = table.get(key).ok_or(Refusal::NotFound)?.clone();
    let recovers = element.commands("_recover");
    if before.flag("deleted") && !recovers {
        return Err(Refusal::NotFound);
    }
    let patch = &element.patch;
    let bare = !patch.has("tickettype_id") || !patch.has("client_id");
    if desk.knobs.record_not_found_on_bare_update && bare && !recovers {
        return Err(Refusal::rule("Record not found"));
    }
    for (field, table, thing) in [
        ("status_id", TableId::Statuses, "Status"),
        ("agent_id", TableId::Agents, "Agent"),
        ("client_id", TableId::Clients, "Client"),
        ("site_id", TableId::Sites, "Site"),
        ("user_id", TableId::Users, "User"),
        ("tickettype_id", TableId::TicketTypes, "Ticket Type"),
    ] {
        if patch.int(field) != 0 {
            must_exist(desk.world, table, patch.int(field), thing)?;
        }
    }
    let mut row = before.clone();
    generic::apply(desk, resource, &mut row, element);
    if let Some(name) = element.raw_text("team") {
        set_team(desk.world, &mut row, name);
    }
    follow_customer(desk.world, &mut row, patch);
    cut_summary(desk, &mut row);
    if !element.commands("_novalidate") && patch.iter().any(|(_, value)| is_empty(value)) {
        mandatory::check(desk.world, &row)?;
    }
    if recovers {
        row.set("deleted", false);
    }
    if patch.has("priority_id") || patch.has("sla_id") {
        let (sla, was) = (row.int("sla_id"), before.int("priority_id"));
        let priority = priorities::resolve(desk.world, sla, row.int("priority_id"), was);
        row.set("priority_id", priority);
        priorities::set_targets(desk.world, &mut row);
    }
    if row.int("agent_id") != before.int("agent_id") {
        row.set("dateassigned", desk.now.as_str());
    }
    move_child(desk.world, &before, &row);
    mark_closed(&mut row, &desk.now);
    row.set("last_update", desk.now.as_str());
    desk.tell(Some(&before), &row);
    desk.world.table_mut(resource.table).put(key.clone(), row);
    Ok(key.clone())
}

/// How much of a summary is kept is not known; a switch says so.
fn cut_summary(desk: &Desk<'_>, row: &mut Row) {
    if let Some(limit) = desk.knobs.summary_limit
        && row.text("summary").chars().count() > limit
    {
        let kept: String = row.text("summary").chars().take(limit).collect();
        row.set("summary", kept);
    }
}

/// Soft: the ticket is kept and can be restored (HAPI §7.1).
pub(crate) fn delete(desk: &mut Desk<'_>, resource: &'static Resource, key: &Key) -> Result<Row, Refusal> {
    let before = desk.world.table(resource.table).get(key);
    let before = before.filter(|row| !row.flag("deleted")).ok_or(Refusal::NotFound)?.clone();
    let mut row = before.clone();
    row.set("deleted", true);
    row.set("last_update", desk.now.as_str());
    move_child(desk.world, &before, &row);
    desk.tell(Some(&before), &row);
    desk.world.table_mut(resource.table).put(key.clone(), row.clone());
    Ok(row)
}

/// Keeps `hasbeenclosed` and `dateclosed` in step with the status. Reopening
/// takes both back [assumed].
pub(crate) fn mark_closed(row: &mut Row, now: &str) {
    let closed = row.int("status_id") == CLOSED;
    if closed == row.flag("hasbeenclosed") {
        return;
    }
    row.set("hasbeenclosed", closed);
    row.set("dateclosed", if closed { now } else { NO_DATE });
}

fn kind_of(world: &World, resource: &Resource, row: &mut Row) -> Result<Row, Refusal> {
    let wanted = match resource.rows {
        Rows::Only { value, .. } => value,
        _ => "ticket",
    };
    let mut kinds = world.table(TableId::TicketTypes).rows();
    let default = kinds.find(|kind| kind.text("use") == wanted).map_or(1, |kind| kind.int("id"));
    // An object `tickettype: {id}` is ignored and the default used (HAPI §7.3).
    let id = row.int("tickettype_id");
    let id = if id == 0 { default } else { id };
    row.set("tickettype_id", id);
    must_exist(world, TableId::TicketTypes, id, "Ticket Type")?;
    Ok(world.row(TableId::TicketTypes, id).cloned().unwrap_or_default())
}

/// Finds client, site and user from what was sent.
fn settle_customer(world: &World, row: &mut Row, element: &Element) -> Result<(), Refusal> {
    let general_user =
        element.raw.get("userlookup").and_then(|lookup| lookup.get("id")).and_then(Value::as_i64);
    if let Some(user) = general_user.filter(|user| *user > 0) {
        row.set("user_id", user);
    }
    let user = row.int("user_id");
    if user > 0 {
        must_exist(world, TableId::Users, user, "User")?;
        // A concrete user requires the site too (HAPI §7.3, §14.14).
        if row.int("site_id") == 0 {
            return Err(Refusal::rule("Please select a valid Site"));
        }
    }
    if row.int("site_id") > 0 {
        must_exist(world, TableId::Sites, row.int("site_id"), "Site")?;
        if row.int("client_id") == 0 {
            let client = world.row(TableId::Sites, row.int("site_id"));
            row.set("client_id", client.map_or(0, |site| site.int("client_id")));
        }
    }
    if row.int("client_id") == 0 {
        row.set("client_id", UNKNOWN_CLIENT);
    }
    must_exist(world, TableId::Clients, row.int("client_id"), "Client")?;
    if row.int("site_id") == 0 {
        row.set("site_id", main_site(world, row.int("client_id")));
    }
    if user <= 0 {
        row.set("user_id", general_user_of(world, row.int("client_id"), row.int("site_id")));
    }
    Ok(())
}

/// A new client without a site moves the ticket to that client's main site.
fn follow_customer(world: &World, row: &mut Row, patch: &Row) {
    if !patch.has("client_id") || patch.has("site_id") {
        return;
    }
    let client = row.int("client_id");
    let site = world.row(TableId::Sites, row.int("site_id"));
    if site.is_some_and(|site| site.int("client_id") == client) {
        return;
    }
    row.set("site_id", main_site(world, client));
    if !patch.has("user_id") {
        row.set("user_id", general_user_of(world, client, row.int("site_id")));
    }
}

fn main_site(world: &World, client: i64) -> i64 {
    let main = world.row(TableId::Clients, client).map_or(0, |row| row.int("main_site_id"));
    if main != 0 {
        return main;
    }
    let mut sites = world.table(TableId::Sites).rows();
    sites.find(|site| site.int("client_id") == client).map_or(0, |site| site.int("id"))
}

fn general_user_of(world: &World, client: i64, site: i64) -> i64 {
    let users = || world.table(TableId::Users).rows().filter(|user| user.flag("generaluser"));
    let of_client = |user: &&Row| {
        world.row(TableId::Sites, user.int("site_id")).is_some_and(|site| site.int("client_id") == client)
    };
    users()
        .find(|user| user.int("site_id") == site)
        .or_else(|| users().find(of_client))
        .map_or(0, |user| user.int("id"))
}

fn fill_from_type(row: &mut Row, kind: &Row) {
    for (field, default) in
        [("category_1", "default_category_1"), ("summary", "default_summary"), ("details", "default_details")]
    {
        if row.text(field).is_empty() && !kind.text(default).is_empty() {
            row.set(field, kind.text(default));
        }
    }
    if row.text("details").is_empty() && !row.text("details_html").is_empty() {
        row.set("details", actions::plain(row.text("details_html")));
    }
}

/// The team: by name, or by id as newer builds take it (HAPI §7.3, conflict).
fn set_team(world: &World, row: &mut Row, name: &str) {
    let mut teams = world.table(TableId::Teams).rows();
    let named = teams.find(|team| team.text("name").eq_ignore_ascii_case(name));
    if let Some(team) = named {
        row.set("team_id", team.int("id"));
        row.set("department_id", team.int("department_id"));
    }
}

/// Keeps the numbers of children in step when a ticket changes its parent, is
/// deleted or restored.
pub(super) fn move_child(world: &mut World, before: &Row, after: &Row) {
    let parent = |row: &Row| if row.flag("deleted") { 0 } else { row.int("parent_id") };
    let (from, to) = (parent(before), parent(after));
    if from != to {
        count_child(world, from, -1);
        count_child(world, to, 1);
    }
}

/// One child more or fewer.
fn count_child(world: &mut World, parent: i64, by: i64) {
    if let Some(row) = world.table_mut(TableId::Tickets).get_mut(&Key::Int(parent)) {
        row.set("child_count", (row.int("child_count") + by).max(0));
    }
}

fn must_exist(world: &World, table: TableId, id: i64, thing: &str) -> Result<(), Refusal> {
    match world.row(table, id) {
        Some(_) => Ok(()),
        None => Err(Refusal::rule(format!("Please select a valid {thing}"))),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}
