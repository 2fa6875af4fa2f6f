//! Appointments, whose id may change when they are written (HAPI §10.13, §14.43).

use super::{Desk, Written, generic};
use crate::{
    protocol::Refusal,
    resources::{Resource, patch::Element},
    state::Key,
};

/// Creates or changes an appointment; by switch, a change gives it a new id.
pub(crate) fn write(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Written, Refusal> {
    let written = generic::write(desk, resource, element)?;
    if element.key.is_none() || !desk.knobs.appointment_id_changes {
        return Ok(written);
    }
    let table = desk.world.table_mut(resource.table);
    let mut row = table.remove(&written.key).ok_or(Refusal::NotFound)?;
    let id = table.next_id();
    row.set("id", id);
    table.put(Key::Int(id), row);
    Ok(Written::plain(Key::Int(id)))
}
