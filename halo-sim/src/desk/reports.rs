//! Reports, and running one without keeping it (HAPI §10.17).

use super::{Desk, Written, generic};
use crate::{
    protocol::Refusal,
    resources::{Resource, patch::Element},
    state::{Key, Row},
};

/// Creates or changes a report; with `_loadreportonly` it is run and forgotten.
pub(crate) fn write(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Written, Refusal> {
    if !element.commands("_loadreportonly") {
        return generic::write(desk, resource, element);
    }
    generic::check_required(resource, &element.patch)?;
    let mut row = Row::new().with("id", 0);
    generic::apply(desk, resource, &mut row, element);
    Ok(Written { unkept: Some(row), ..Written::plain(Key::Int(0)) })
}
