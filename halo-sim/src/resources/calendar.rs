//! Appointments and timesheet events (HAPI §10.13, §10.18, appendix A).

use super::{
    Envelope, Required, Resource, Write,
    field::{date, flag, int, number, text},
    filter::{Filter, Test, by, id, one_of},
};
use crate::{auth::Group, desk, protocol::paging::PageRule, state::TableId};

/// Both use the underscored names (HAPI §6.1).
const RANGE: [Filter; 2] =
    [by("start_date", Test::Since("end_date")), by("end_date", Test::Until("start_date"))];

/// `/Appointment`: bare, or in `appointments` when paged (HAPI §5.1).
pub(crate) static APPOINTMENT: Resource = Resource {
    path: "Appointment",
    write: Write::Each(desk::appointments::write),
    advanced_search: true,
    table: TableId::Appointments,
    envelope: Envelope::BareUnlessPaged("appointments"),
    // A size without a number is ignored: every row comes (HAPI §5.3).
    page: PageRule::Numbered(100),
    group: Group::Calendar,
    fields: &[
        int("id"),
        text("subject"),
        date("start_date"),
        date("end_date"),
        flag("allday"),
        int("agent_id"),
        text("agent_name").from("agent_id", TableId::Agents, "name"),
        int("client_id").single(),
        int("site_id"),
        int("user_id"),
        int("ticket_id"),
        int("appointment_type_id").single(),
        text("appointment_type_name"),
        int("status"),
        int("complete_status"),
        flag("is_private"),
        flag("is_task"),
        text("note").single(),
        text("note_html").single(),
        text("colour"),
        int("reminderminutes").single(),
        text("online_meeting_url"),
        text("complete_note").single(),
        date("complete_date").single(),
        int("organizer"),
        text("attendees"),
        date("last_modified"),
        text("calendar_id"),
        int("open_appointment_status"),
    ],
    filters: &[
        RANGE[0],
        RANGE[1],
        one_of("agents", "agent_id"),
        id("client_id", "client_id"),
        id("ticket_id", "ticket_id"),
        by("tasksonly", Test::On("is_task")),
        by("appointmentsonly", Test::Off("is_task")),
    ],
    search: &["subject"],
    required: &[Required { any_of: &["start_date"], message: "Start Date is mandatory" }],
    ..Resource::PLAIN
};

/// `/TimesheetEvent`: a bare array.
pub(crate) static TIMESHEET_EVENT: Resource = Resource {
    path: "TimesheetEvent",
    write: Write::Each(desk::timesheets::write),
    table: TableId::TimesheetEvents,
    group: Group::Timesheets,
    fields: &[
        // 0 in every row (HAPI §10.18).
        int("id").computed(|_, _| 0.into()),
        int("event_type"),
        text("subject"),
        date("start_date"),
        date("end_date"),
        number("timetaken"),
        int("agent_id"),
        int("ticket_id"),
        int("action_number"),
        text("note"),
        text("customer"),
        int("site_id").single(),
        int("charge_rate").single(),
        number("traveltime").single(),
        int("client_id").single(),
        flag("lognewticket").single(),
        int("break_type"),
        text("break_note"),
    ],
    filters: &[RANGE[0], RANGE[1], one_of("agents", "agent_id"), id("agent_id", "agent_id")],
    ..Resource::PLAIN
};
