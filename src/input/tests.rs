//! The forms in which values come, and what becomes of each.

use alloc::string::ToString;
use alloc::vec;

use serde_json::json;

use super::*;
use crate::catalogue::client::CLIENT;
use crate::catalogue::invoice::INVOICE;
use crate::catalogue::opportunity::OPPORTUNITY;
use crate::catalogue::project::PROJECT;
use crate::catalogue::ticket::TICKET;
use crate::catalogue::user::USER;

fn failure(verb: Verb, json: &Value) -> (Code, String) {
    let error = parse(&TICKET, verb, json).unwrap_err();
    (crate::error::code_of(&error), error.field().unwrap_or_default().to_string())
}

#[test]
fn bad_input_is_refused_with_its_place() {
    for (verb, json, code, field) in [
        (Verb::Create, json!([]), Code::NotAnObject, ""),
        (Verb::Create, json!({}), Code::MissingField, "/summary"),
        (Verb::Create, json!({"summary": "  "}), Code::InvalidValue, "/summary"),
        (Verb::Create, json!({"summary": ""}), Code::InvalidValue, "/summary"),
        (Verb::Create, json!({"summary": null}), Code::InvalidValue, "/summary"),
        (Verb::Create, json!({"summary": {"a": 1}}), Code::InvalidValue, "/summary"),
        (Verb::Create, json!({"summary": "x", "client_id": 9.5}), Code::InvalidValue, "/client_id"),
        (Verb::Create, json!({"summary": "x", "sla_id": true}), Code::InvalidValue, "/sla_id"),
        (Verb::Create, json!({"summary": "x", "customfields": 3}), Code::InvalidValue, "/customfields"),
        (Verb::Create, json!({"summary": "x", "id": 3}), Code::UnknownField, "/id"),
        (
            Verb::Create,
            json!({"summary": "x", "assets": [{"id": 1}, {"id": [5]}]}),
            Code::InvalidValue,
            "/assets/1/id",
        ),
        (Verb::Create, json!({"summary": "x", "targetdate": "soon"}), Code::InvalidValue, "/targetdate"),
        (Verb::Update, json!({"status_id": 2}), Code::MissingField, "/id"),
        (Verb::Update, json!({"id": 5, "simplify": false}), Code::MissingField, ""),
        (Verb::Update, json!({"id": 1e17, "status_id": 2}), Code::InvalidValue, "/id"),
        (Verb::Update, json!({"id": 0, "status_id": 2}), Code::InvalidValue, "/id"),
        (Verb::Get, json!({"id": 1, "summary": "x"}), Code::UnknownField, "/summary"),
        (Verb::List, json!({"limit": 0}), Code::InvalidValue, "/limit"),
        (Verb::List, json!({"openonly": true}), Code::UnknownField, "/openonly"),
        (Verb::List, json!({"open_only": "maybe"}), Code::InvalidValue, "/open_only"),
        (Verb::List, json!({"open_only": 2}), Code::InvalidValue, "/open_only"),
        (Verb::List, json!({"limit": "ten"}), Code::InvalidValue, "/limit"),
        (Verb::List, json!({"order": "Colour"}), Code::InvalidValue, "/order"),
        (Verb::List, json!({"datesearch": "dateoccurred"}), Code::MissingField, "/startdate"),
        (Verb::List, json!({"ticketids": "1,x"}), Code::InvalidValue, "/ticketids/1"),
        (Verb::Update, json!({"id": 5, "summary": "", "assets": []}), Code::MissingField, ""),
        (Verb::Update, json!({"id": "", "status_id": 2}), Code::InvalidValue, "/id"),
        (Verb::Update, json!({"id": -5, "status_id": 2}), Code::InvalidValue, "/id"),
        (
            Verb::List,
            json!({"updated_since": "2026-01-01", "lastupdatefromdate": "2026-01-01"}),
            Code::InvalidValue,
            "/updated_since",
        ),
    ] {
        assert_eq!(failure(verb, &json), (code, field.to_string()), "{json}");
    }
}

#[test]
fn ids_come_as_numbers_digits_and_addresses_and_names_stay() {
    for (given, taken) in [
        (json!(12), json!(12)),
        (json!(" 12 "), json!(12)),
        (json!("https://x.halopsa.com/customers?clientid=12"), json!(12)),
        (json!("Example Ltd"), json!("Example Ltd")),
    ] {
        let input = parse(&TICKET, Verb::Create, &json!({"summary": "x", "client_id": given})).unwrap();
        assert_eq!(input.values["client_id"], taken);
    }
    let input =
        parse(&TICKET, Verb::Get, &json!({"id": "https://x.halopsa.com/ticket?id=17&tab=1"})).unwrap();
    assert_eq!(input.id, Some(17));
    assert!(parse(&TICKET, Verb::Get, &json!({"id": "0"})).is_err());
}

#[test]
fn custom_fields_come_as_an_object_or_as_a_list() {
    let wire = json!([{"name": "CFLocation", "value": "Room 5"}]);
    for given in [json!({"CFLocation": "Room 5"}), wire.clone()] {
        let input = parse(&TICKET, Verb::Create, &json!({"summary": "x", "customfields": given})).unwrap();
        assert_eq!(input.values["customfields"], wire);
    }
}

#[test]
fn a_misspelt_filter_gets_a_suggestion() {
    let error = parse(&TICKET, Verb::List, &json!({"clientid": 3})).unwrap_err();
    assert_eq!(error.advice(), Some("Did you mean \"client_id\"?"));
}

#[test]
fn values_take_the_form_of_the_wire() {
    let input = parse(
        &TICKET,
        Verb::List,
        &json!({"status": [1, 2.0], "updated_since": "2026-01-01T01:00:00+01:00", "open_only": true}),
    )
    .unwrap();
    let mut query = to_query(&input.values);
    query.sort();
    let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
    assert_eq!(
        query,
        [
            pair("lastupdatefromdate", "2026-01-01T00:00:00"),
            pair("open_only", "true"),
            pair("order", "id"),
            pair("orderdesc", "false"),
            pair("status", "1,2"),
        ]
    );
    assert!(input.list.by_id);
    assert_eq!(input.list.limit, Some(50));
    let created = parse(&TICKET, Verb::Create, &json!({"summary": "x", "client_id": 95.0})).unwrap();
    assert_eq!(created.values["client_id"].to_string(), "95");
}

#[test]
fn sorting_otherwise_is_remembered() {
    let by_id = |json| parse(&TICKET, Verb::List, &json).unwrap().list.by_id;
    assert!(by_id(json!({"order": "id"})));
    assert!(!by_id(json!({"order": "id", "orderdesc": true})));
    assert!(!by_id(json!({"order": "dateoccurred"})));
}

#[test]
fn a_user_needs_a_name_in_one_of_two_ways() {
    assert!(parse(&USER, Verb::Create, &json!({"site_id": 1, "name": "A B"})).is_ok());
    assert!(parse(&USER, Verb::Create, &json!({"site_id": 1, "firstname": "A", "surname": "B"})).is_ok());
    let error = parse(&USER, Verb::Create, &json!({"site_id": 1, "firstname": "A"})).unwrap_err();
    assert_eq!(error.message(), "It needs name, or firstname and surname.");
}

/// The values of an input, without a connection.
fn values(resource: &'static Resource, verb: Verb, json: &Value) -> Object {
    let mut reader = Reader::new(None, None);
    reader.values(resource, verb, json).unwrap_or_else(|error| panic!("{json}: {error:?}"))
}

#[test]
fn nothing_in_any_form_counts_as_not_given() {
    for blank in [json!(null), json!(""), json!("  "), json!([]), json!([null, ""]), json!({})] {
        for (resource, verb) in
            [(&TICKET, Verb::Create), (&TICKET, Verb::List), (&INVOICE, Verb::Update), (&USER, Verb::List)]
        {
            let required = match verb {
                Verb::Create => json!({"summary": "x"}),
                Verb::Update => json!({"id": 5, "notes_1": "x"}),
                _ => json!({}),
            };
            let expected = parse(resource, verb, &required).unwrap();
            for field in resource.inputs(verb) {
                if required.get(field.name).is_some() {
                    continue;
                }
                let mut given = required.clone();
                given[field.name] = blank.clone();
                let read = parse(resource, verb, &given).unwrap_or_else(|error| panic!("{given}: {error:?}"));
                assert_eq!(read, expected, "{given}");
            }
        }
    }
}

#[test]
fn an_empty_list_empties_nothing_and_clear_does() {
    for lines in [json!([]), json!("[]"), json!(null), json!([{}]), json!("")] {
        let error = parse(&INVOICE, Verb::Update, &json!({"id": 13, "lines": lines})).unwrap_err();
        assert_eq!(crate::error::code_of(&error), Code::MissingField, "{lines}");
        assert!(error.advice().unwrap_or_default().contains("clear"));
        let with_another = json!({"id": 13, "lines": lines, "reference": "r"});
        assert!(!parse(&INVOICE, Verb::Update, &with_another).unwrap().values.contains_key("lines"));
    }
    let cleared = |names: Value| parse(&TICKET, Verb::Update, &json!({"id": 5, "clear": names}));
    let names =
        json!(["closure_note", "deadlinedate", "agent_id", "parent_id", "assets", "estimate", "category_1"]);
    assert_eq!(
        Value::Object(cleared(names).unwrap().values),
        json!({
            "closure_note": "", "deadlinedate": "1900-01-01T00:00:00", "agent_id": 1, "parent_id": 0,
            "assets": [], "estimate": 0, "category_1": "",
        })
    );
    assert_eq!(cleared(json!("closure_note, reference")).unwrap().values.len(), 2);
    let custom = cleared(json!(["CFLocation", "CFRoom"])).unwrap().values;
    assert_eq!(
        custom["customfields"],
        json!([{"name": "CFLocation", "value": null}, {"name": "CFRoom", "value": null}])
    );
    for (names, code, place, advice) in [
        (json!(["summary"]), Code::InvalidValue, "/clear/0", "Give another one"),
        (json!(["details", "client_id"]), Code::InvalidValue, "/clear/1", "Give another one"),
        (json!(["onhold"]), Code::InvalidValue, "/clear/0", "false"),
        (json!(["detials"]), Code::UnknownField, "/clear/0", "\"details\""),
        (json!(["_force"]), Code::InvalidValue, "/clear/0", "false"),
        (json!(["id"]), Code::UnknownField, "/clear/0", ""),
    ] {
        let error = cleared(names.clone()).unwrap_err();
        assert_eq!((crate::error::code_of(&error), error.field()), (code, Some(place)), "{names}");
        assert!(error.advice().unwrap_or_default().contains(advice), "{error:?}");
    }
    let both = json!({"id": 5, "details": "x", "clear": ["details"]});
    assert_eq!(parse(&TICKET, Verb::Update, &both).unwrap_err().field(), Some("/clear/0"));
    assert!(cleared(json!([])).is_err(), "nothing is to be changed");
}

#[test]
fn values_come_in_every_form_that_has_one_meaning() {
    for (resource, verb, field, given, taken) in [
        (&TICKET, Verb::Create, "summary", json!(12345), json!("12345")),
        (&TICKET, Verb::Create, "summary", json!(12345.0), json!("12345")),
        (&TICKET, Verb::Create, "summary", json!(1.5), json!("1.5")),
        (&TICKET, Verb::Create, "summary", json!(true), json!("true")),
        (&TICKET, Verb::Create, "details", json!(0), json!("0")),
        (&TICKET, Verb::Create, "details_html", json!(false), json!("false")),
        (&TICKET, Verb::Create, "estimate", json!("1.5"), json!(1.5)),
        (&TICKET, Verb::Create, "estimate", json!(" 2 "), json!(2)),
        (&TICKET, Verb::Create, "impact", json!("3"), json!(3)),
        (&TICKET, Verb::Create, "impact", json!("3.0"), json!(3)),
        (&TICKET, Verb::Create, "source", json!("-9"), json!(-9)),
        (&TICKET, Verb::Create, "source", json!(0), json!(0)),
        (&TICKET, Verb::Create, "client_id", json!("95.0"), json!(95)),
        (&TICKET, Verb::Create, "parent_id", json!("#17"), json!(17)),
        (&TICKET, Verb::Create, "parent_id", json!("SR-0110043"), json!(110_043)),
        (&TICKET, Verb::Create, "child_ticket_ids", json!("3, 4"), json!([3, 4])),
        (&TICKET, Verb::Create, "child_ticket_ids", json!(["3", "", 4.0]), json!([3, 4])),
        (&TICKET, Verb::Create, "child_ticket_ids", json!(3), json!([3])),
        (&TICKET, Verb::Create, "assets", json!("[{\"id\": \"5\"}]"), json!([{"id": 5}])),
        (&TICKET, Verb::Create, "assets", json!([{"id": "5"}, null, {"id": ""}]), json!([{"id": 5}])),
        (&TICKET, Verb::Create, "external_links", json!("[{\"a\": 1}]"), json!([{"a": 1}])),
        (
            &TICKET,
            Verb::Create,
            "new_external_link",
            json!("{\"third_party_id\": 7}"),
            json!({"third_party_id": "7"}),
        ),
        (&TICKET, Verb::Create, "targettime", json!(" 09:15 "), json!("09:15:00")),
        (&TICKET, Verb::List, "ticketids", json!(["3", "4"]), json!([3, 4])),
        (&TICKET, Verb::List, "ticketids", json!("3,4"), json!([3, 4])),
        (&TICKET, Verb::List, "ticketids", json!("[3, \"4\"]"), json!([3, 4])),
        (&TICKET, Verb::List, "ticketids", json!("3"), json!(3)),
        (&TICKET, Verb::List, "status", json!("[\"1\",\"2\"]"), json!([1, 2])),
        (&TICKET, Verb::List, "status", json!("1, 2,"), json!([1, 2])),
        (&TICKET, Verb::List, "status", json!("New, In Progress"), json!("New, In Progress")),
        (&TICKET, Verb::List, "status", json!("[\"New\", \"In Progress\"]"), json!(["New", "In Progress"])),
        (&TICKET, Verb::List, "status", json!("New"), json!("New")),
        (&TICKET, Verb::List, "category_1", json!("Hardware, Software"), json!(["Hardware", "Software"])),
        (&TICKET, Verb::List, "category_1", json!(["Hardware", ""]), json!(["Hardware"])),
        (&TICKET, Verb::List, "order", json!("DateOccurred"), json!("dateoccurred")),
        (&TICKET, Verb::List, "limit", json!("10"), json!(10)),
    ] {
        let mut input = json!({});
        if matches!(verb, Verb::Create) {
            input["summary"] = json!("x");
        }
        input[field] = given;
        assert_eq!(values(resource, verb, &input)[field], taken, "{input}");
    }
    for (yes, no) in [
        (json!("true"), json!("false")),
        (json!("TRUE"), json!("False")),
        (json!("1"), json!("0")),
        (json!(1), json!(0)),
        (json!(1.0), json!(0.0)),
        (json!("yes"), json!("No")),
        (json!(" on "), json!("off")),
        (json!("Y"), json!("n")),
    ] {
        assert_eq!(values(&TICKET, Verb::List, &json!({"open_only": yes}))["open_only"], json!(true));
        assert_eq!(values(&TICKET, Verb::List, &json!({"open_only": no}))["open_only"], json!(false));
    }
}

#[test]
fn custom_fields_come_in_every_form_and_blank_ones_are_left_out() {
    let wire = json!([{"name": "CFLocation", "value": "Room 5"}]);
    for given in [
        json!({"CFLocation": "Room 5", "CFOther": "", "CFLast": null}),
        json!([{"name": "CFLocation", "value": "Room 5"}, {"name": "CFOther", "value": ""}, {"name": "CFLast"}]),
        json!("{\"CFLocation\": \"Room 5\"}"),
        json!("[{\"name\": \"CFLocation\", \"value\": \"Room 5\"}]"),
        json!({"name": "CFLocation", "value": "Room 5"}),
    ] {
        let read = values(&TICKET, Verb::Create, &json!({"summary": "x", "customfields": given}));
        assert_eq!(read["customfields"], wire, "{given}");
    }
    let zero =
        values(&TICKET, Verb::Create, &json!({"summary": "x", "customfields": {"CFa": 0, "CFb": false}}));
    assert_eq!(zero["customfields"], json!([{"name": "CFa", "value": 0}, {"name": "CFb", "value": false}]));
    let by_id =
        values(&TICKET, Verb::Create, &json!({"summary": "x", "customfields": [{"id": "51", "value": 1}]}));
    assert_eq!(by_id["customfields"], json!([{"id": 51, "value": 1}]));
}

#[test]
fn a_date_without_an_offset_is_of_the_time_zone_of_the_call() {
    let read = |zone: Option<&str>, date: &str| {
        let mut reader = Reader::new(zone, None);
        let input = json!({"summary": "x", "deadlinedate": date, "startdate": date});
        let values = reader.values(&TICKET, Verb::Create, &input).unwrap();
        (values["deadlinedate"].as_str().unwrap().to_string(), reader.take_notes())
    };
    let picked = "2026-11-21T10:00:00";
    for (zone, wire) in [
        ("-05:00", "2026-11-21T15:00:00"),
        ("+02:00", "2026-11-21T08:00:00"),
        ("EST5EDT,M3.2.0,M11.1.0", "2026-11-21T15:00:00"),
        ("UTC", picked),
    ] {
        assert_eq!(read(Some(zone), picked), (wire.to_string(), vec![]), "{zone}");
    }
    let (wire, notes) = read(Some("America/New_York"), picked);
    assert_eq!((wire.as_str(), notes.len()), (picked, 1));
    assert_eq!((notes[0].code, notes[0].level), (DATE_TAKEN_AS_UTC, Level::Warning));
    let (wire, notes) = read(None, picked);
    assert_eq!((wire.as_str(), notes[0].level), (picked, Level::Info));
    // An offset says it all, and the last day of the calendar means "no end".
    assert_eq!(read(Some("-05:00"), "2026-11-21T10:00:00Z"), (picked.to_string(), vec![]));
    assert_eq!(read(Some("-05:00"), "9999-12-31T23:59:59").0, "9999-12-31T23:59:59");
    assert_eq!(read(Some("+02:00"), "2026-11-21").0, "2026-11-20T22:00:00");
}

#[test]
fn a_date_range_is_about_the_opening_where_nobody_names_a_column() {
    for resource in [&TICKET, &PROJECT, &OPPORTUNITY] {
        for range in
            [json!({"startdate": "2026-01-01T00:00:00Z"}), json!({"enddate": "2026-01-01T00:00:00Z"})]
        {
            let mut range = range;
            let mut reader = Reader::new(None, None);
            let read = reader.values(resource, Verb::List, &range).unwrap();
            assert_eq!(read["datesearch"], "dateoccurred", "{}", resource.name);
            assert_eq!(reader.take_notes().len(), 1);
            range["datesearch"] = json!("datecleared");
            assert_eq!(values(resource, Verb::List, &range)["datesearch"], "datecleared");
        }
    }
}

#[test]
fn a_new_client_without_a_site_is_said() {
    let noted = |input: Value| {
        let mut reader = Reader::new(None, None);
        reader.values(&TICKET, Verb::Update, &input).unwrap();
        reader.take_notes().iter().map(|note| note.code).collect::<Vec<_>>()
    };
    assert_eq!(noted(json!({"id": 5, "client_id": 7})), ["halopsa.site-stays"]);
    assert_eq!(noted(json!({"id": 5, "client_id": 7, "site_id": ""})), ["halopsa.site-stays"]);
    assert!(noted(json!({"id": 5, "client_id": 7, "site_id": 9})).is_empty());
    assert!(noted(json!({"id": 5, "status_id": 7})).is_empty());
}

#[test]
fn extra_fields_go_out_beside_the_checked_ones() {
    let extra = json!({"isbillable": true, "lookup": {"id": 5}});
    for given in [extra.clone(), json!(extra.to_string())] {
        let created = parse(&TICKET, Verb::Create, &json!({"summary": "x", "extra": given.clone()})).unwrap();
        assert_eq!(
            Value::Object(created.values),
            json!({"summary": "x", "isbillable": true, "lookup": {"id": 5}})
        );
        let updated = parse(&CLIENT, Verb::Update, &json!({"id": 5, "extra": given})).unwrap();
        assert_eq!(Value::Object(updated.values), extra);
    }
    for (extra, place) in [
        (json!({"id": 5}), "/extra/id"),
        (json!({"ID": 5}), "/extra/ID"),
        (json!({"guid": "x"}), "/extra/guid"),
        (json!({"summary": "y"}), "/extra/summary"),
        (json!({"Status_ID": 5}), "/extra/Status_ID"),
        (json!({"new_password": "x"}), "/extra/new_password"),
        (json!({"x": [{"access_token": "x"}]}), "/extra/x"),
        (json!({"": 5}), "/extra/"),
        (json!("text"), "/extra"),
        (json!([1]), "/extra"),
    ] {
        let error = parse(&TICKET, Verb::Create, &json!({"summary": "x", "extra": extra})).unwrap_err();
        assert_eq!(
            (crate::error::code_of(&error), error.field()),
            (Code::InvalidValue, Some(place)),
            "{extra}"
        );
    }
}

#[test]
fn messages_quote_an_input_without_its_markup_and_not_at_length() {
    let hostile = alloc::format!("<b>x</b>\u{0}\u{1b}[2J\u{202e}{}", "y".repeat(1_000_000));
    for (verb, input) in [
        (Verb::List, json!({"startdate": hostile})),
        (Verb::List, json!({"order": hostile})),
        (Verb::List, json!({"open_only": hostile})),
        (Verb::List, Value::Object([(hostile.clone(), json!(1))].into_iter().collect())),
        (Verb::Update, json!({"id": 5, "clear": [hostile]})),
        (Verb::Update, json!({"id": 5, "extra": {hostile: {"password": 1}}})),
    ] {
        let error = parse(&TICKET, verb, &input).unwrap_err();
        let field = error.field().unwrap_or_default();
        for said in [error.message(), error.advice().unwrap_or_default(), field] {
            assert!(said.len() < 600, "{} bytes", said.len());
            assert!(!said.contains('<') && !said.contains('\u{202e}'), "{said}");
            assert!(!said.chars().any(char::is_control), "{said:?}");
        }
    }
}

#[test]
fn settings_of_triggers_take_ids_in_every_form_and_nothing_else() {
    let field = Field::choices("statuses", "", "", "statuses");
    let read = |given: Value| settings(&[&field], &json!({"statuses": given}));
    for (given, taken) in
        [(json!("3,4"), json!([3, 4])), (json!(["3", 4]), json!([3, 4])), (json!("3"), json!(3))]
    {
        assert_eq!(read(given).unwrap()["statuses"], taken);
    }
    assert!(read(json!([])).unwrap().is_empty());
    for names in [json!("New"), json!(["New", 3]), json!("https://x.halopsa.com/status?id=3")] {
        assert_eq!(read(names.clone()).unwrap_err().code(), Code::InvalidValue, "{names}");
    }
}
