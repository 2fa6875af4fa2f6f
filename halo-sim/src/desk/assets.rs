//! Assets: the tag that some tenants want.

use super::{Desk, Written, generic};
use crate::{
    protocol::Refusal,
    resources::{Resource, patch::Element},
};

/// Writes an asset.
pub(crate) fn write(
    desk: &mut Desk<'_>,
    resource: &'static Resource,
    element: &Element,
) -> Result<Written, Refusal> {
    let is_new = element.key.is_none();
    if is_new && desk.knobs.asset_needs_tag && element.patch.text("inventory_number").trim().is_empty() {
        return Err(Refusal::rule("Asset Tag is mandatory"));
    }
    generic::write(desk, resource, element)
}
