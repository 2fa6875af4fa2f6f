//! Addresses of every kind of page, and ids in all their spellings.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

use url::Url;

use super::Target;
use crate::catalogue::pages::KINDS;
use crate::catalogue::resource::Ids;
use crate::error::Code;

fn instance() -> Url {
    Url::parse("https://x.halopsa.com/api").unwrap()
}

/// The id of a record of this kind in a text; an error is its message.
fn read(resource: &str, text: &str) -> Result<Option<i32>, String> {
    let instance = instance();
    let kind = KINDS.iter().find(|kind| kind.resource == resource);
    let target = Target { kind, ids: Ids::NonZero, instance: Some(&instance) };
    target.id_in(text).map_err(|error| {
        assert_eq!(crate::error::code_of(&error), Code::InvalidValue, "{text}");
        error.message().to_string()
    })
}

fn id(resource: &str, address: &str) -> Option<i32> {
    read(resource, &format!("https://x.halopsa.com{address}")).unwrap_or(None)
}

#[test]
fn the_recorded_addresses_name_the_record_that_their_page_shows() {
    let team = "/tickets?area=1&mainview=team&viewid=2&selid=75&sellevel=2&selparentid=0&id=2820";
    assert_eq!(id("ticket", team), Some(2820));
    assert_eq!(id("ticket", "/tickets?area=1&viewid=2&selid=75&selparentid=3"), None);
    assert_eq!(id("site", "/customer?clientid=12&siteid=18"), Some(18));
    assert_eq!(id("client", "/customer?clientid=12&siteid=18"), Some(12));
    assert_eq!(id("client", "/customers?clientid=12"), Some(12));
    assert_eq!(id("user", "/customer?clientid=12&siteid=18&userid=44"), Some(44));
    assert_eq!(id("ticket", "/customer?clientid=12&siteid=18"), None);
}

#[test]
fn an_address_of_every_kind_of_page_is_read_and_never_for_another_kind() {
    let noise = "area=1&viewid=2&selid=75&sellevel=2&selparentid=3&columnsid=4&tabid=5&agentview_id=6";
    for kind in KINDS {
        for page in kind.pages {
            let of_page = [
                format!("/{page}?{noise}&id=17"),
                format!("/{page}?id=17&{noise}"),
                format!("/{page}/17?{noise}"),
            ];
            for address in of_page {
                assert_eq!(id(kind.resource, &address), Some(17), "{address}");
                for other in KINDS.iter().filter(|other| other.family != kind.family) {
                    let answer = read(other.resource, &format!("https://x.halopsa.com{address}"));
                    assert_eq!(
                        answer.unwrap_err(),
                        format!("The address is that of {}.", kind.title),
                        "{address} as {}",
                        other.title
                    );
                }
            }
            assert_eq!(id(kind.resource, &format!("/{page}?{noise}")), None, "{page}");
        }
        for key in kind.keys {
            assert_eq!(id(kind.resource, &format!("/somewhere?{noise}&{key}=17")), Some(17), "{key}");
            assert_eq!(id(kind.resource, &format!("/somewhere?{noise}&{}=17", key.to_uppercase())), Some(17));
        }
    }
}

#[test]
fn an_address_that_names_two_records_or_none_is_refused() {
    for address in [
        "/ticket?id=17&id=18",
        "/ticket?id=abc",
        "/ticket?id=17-18",
        "/somewhere?id=17&ticketid=18",
        "/ticket",
        "/",
        "/ticket?ID=",
        "/config/tickets/workflows?id=5",
        "/slas?id=5",
        "/slas/5",
        "/action/3",
    ] {
        assert_eq!(id("ticket", address), None, "{address}");
    }
    assert_eq!(id("ticket", "/ticket?id=17&id=17"), Some(17));
    assert_eq!(id("ticket", "/ticket?ID=17"), Some(17));
    // What a record holds is behind it.
    for address in ["/ticket/17/action/3", "/ticket/17/3", "/desk/ticket/17/history", "/9/ticket/17"] {
        assert_eq!(id("ticket", address), Some(17), "{address}");
    }
    assert_eq!(id("recurring_invoice", "/recurringinvoices?id=-94"), Some(-94));
    let foreign = read("ticket", "https://elsewhere.com/ticket?id=17").unwrap_err();
    assert_eq!(foreign, "The address is one of another server.");
}

#[test]
fn tickets_are_named_as_people_write_them() {
    for text in [
        "17",
        " 17 ",
        "17.0",
        "#17",
        "# 17",
        "[#17]",
        "SR-0000017",
        "ID:0000017",
        "[ID:0000017]",
        "\u{200b}17\u{feff}",
    ] {
        assert_eq!(read("ticket", text), Ok(Some(17)), "{text}");
    }
    assert_eq!(read("ticket", "SR-0110043"), Ok(Some(110_043)));
    for name in ["COVID-19", "SR-17", "Printer", "#", "#x", "17a", "17.5", "A-0001-0002", "99999999999"] {
        assert_eq!(read("ticket", name), Ok(None), "{name}");
    }
    // Only tickets are written so.
    assert_eq!(read("client", "#17"), Ok(None));
    assert_eq!(read("client", "SR-0000017"), Ok(None));
}

#[test]
fn which_numbers_are_ids_depends_on_the_record() {
    let of = |ids| Target { kind: None, ids, instance: None };
    for (ids, taken) in [
        (Ids::Positive, vec![1, i32::MAX]),
        (Ids::NonZero, vec![1, -94, i32::MIN, i32::MAX]),
        (Ids::Any, vec![1, -94, 0]),
    ] {
        for id in [1, -94, 0, i32::MIN, i32::MAX] {
            if ids != Ids::Any {
                assert_eq!(of(ids).id_in(&id.to_string()).is_ok(), taken.contains(&id), "{ids:?} {id}");
            }
        }
        for id in taken {
            assert_eq!(of(ids).id_in(&id.to_string()).unwrap(), Some(id), "{ids:?}");
        }
    }
}
