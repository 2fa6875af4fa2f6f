//! Servers with every bad habit on record, and what a [`Pager`] makes of them.

use alloc::vec;

use proptest::prelude::*;

use super::*;

/// A server with every bad habit on record.
#[derive(Debug, Clone)]
struct Server {
    rows: i64,
    cap: u32,
    count: Count,
    repeats_last_page: bool,
    descending: bool,
}

#[derive(Debug, Clone, Copy)]
enum Count {
    True,
    Off(i64),
    Missing,
}

impl Server {
    fn page(&self, number: u32, size: u32) -> Page {
        let size = i64::from(size.min(self.cap));
        let pages = ((self.rows + size - 1) / size).max(1);
        let mut number = i64::from(number);
        if self.repeats_last_page {
            number = number.min(pages);
        }
        let first = (number - 1) * size + 1;
        let last = (number * size).min(self.rows);
        let rows = (first..=last)
            .map(|position| if self.descending { self.rows + 1 - position } else { position })
            .map(|id| Object::from_iter([("id".to_string(), json!(id))]))
            .collect();
        let record_count = match self.count {
            Count::True => u64::try_from(self.rows).ok(),
            Count::Off(by) => u64::try_from((self.rows + by).max(0)).ok(),
            Count::Missing => None,
        };
        Page { rows, record_count, ..Page::default() }
    }
}

/// Reads a list in calls of ten pages, with the cursor put away and taken
/// out between them. Gives the ids and the number of requests.
fn read(server: &Server, limit: Option<u64>, by_id: bool) -> (Vec<i64>, usize, End) {
    let mut pager = Pager::new(limit, by_id);
    let mut ids = vec![];
    let mut requests = 0;
    loop {
        let mut budget = 10;
        while budget > 0 && pager.end().is_none() {
            let plan = pager.plan(budget.min(8));
            assert!(!plan.pages.is_empty());
            budget -= plan.pages.len();
            requests += plan.pages.len();
            for number in plan.pages {
                let page = server.page(number, plan.page_size);
                let Some(rows) = pager.take(page) else { break };
                ids.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
            }
            assert!(requests < 10_000, "endless");
        }
        if let Some(end) = pager.end() {
            return (ids, requests, end);
        }
        pager = Pager::from_json(&pager.to_json(), limit).unwrap();
    }
}

const HONEST: Server =
    Server { rows: 717, cap: 100, count: Count::True, repeats_last_page: false, descending: false };

#[test]
fn an_honest_server_is_asked_for_its_pages_and_no_more() {
    let (ids, requests, end) = read(&HONEST, None, true);
    assert_eq!((ids.len(), requests, end), (717, 8, End::Complete));
    let capped = Server { cap: 50, ..HONEST };
    // Ten, and then the tenth again and the other five.
    assert_eq!(read(&capped, None, true).1, 16);
}

#[test]
fn a_count_that_is_too_high_is_told() {
    let server = Server { count: Count::Off(17), ..HONEST };
    let (ids, requests, end) = read(&server, None, true);
    assert_eq!((ids.len(), requests, end), (717, 9, End::CountTooHigh { counted: 734 }));
}

#[test]
fn a_small_list_costs_one_request() {
    for rows in 0..9 {
        let server = Server { rows, ..HONEST };
        assert_eq!(read(&server, None, true).1, 1, "{rows} rows");
    }
}

#[test]
fn a_limit_is_a_limit_and_says_when_there_is_more() {
    let (ids, requests, end) = read(&HONEST, Some(50), true);
    assert_eq!((ids.len(), requests, end), (50, 1, End::LimitReached));
    let (ids, _, end) = read(&HONEST, Some(717), true);
    assert_eq!((ids.len(), end), (717, End::Complete));
    let (ids, _, end) = read(&HONEST, Some(5_000), true);
    assert_eq!((ids.len(), end), (717, End::Complete));
}

#[test]
fn rows_that_vanish_while_reading_take_none_with_them() {
    // Ids 1 to 300; after the first page the first 30 rows are gone.
    let after = |number: i64| -> Page {
        let ids = (31..=300).collect::<Vec<i64>>();
        let from = usize::try_from((number - 1) * 100).unwrap();
        let rows = ids.iter().skip(from).take(100);
        Page {
            rows: rows.map(|id| Object::from_iter([("id".to_string(), json!(id))])).collect(),
            record_count: Some(270),
            ..Page::default()
        }
    };
    let mut pager = Pager::new(None, true);
    let first = Server { rows: 300, ..HONEST }.page(1, 100);
    let mut ids: Vec<i64> =
        pager.take(first).unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
    while pager.end().is_none() {
        for number in pager.plan(8).pages {
            let Some(rows) = pager.take(after(number.into())) else { break };
            ids.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
        }
    }
    assert_eq!(ids, (1..=300).collect::<Vec<i64>>());
}

#[test]
fn a_row_that_goes_and_one_that_comes_between_two_calls_hide_nothing() {
    let list = |ids: &[i64], number: usize| Page {
        rows: ids
            .iter()
            .skip((number - 1) * 10)
            .take(10)
            .map(|id| Object::from_iter([("id".to_string(), json!(id))]))
            .collect(),
        record_count: u64::try_from(ids.len()).ok(),
        ..Page::default()
    };
    // Of 80 rows, read 50; then many go and as many come.
    for gone in [1, 9, 10, 11, 35, 50] {
        let before: Vec<i64> = (1..=80).collect();
        let after: Vec<i64> = (gone + 1..=80 + gone).collect();
        let mut pager = Pager::new(None, true);
        let mut seen: Vec<i64> = vec![];
        let mut keep = |rows: Option<Vec<Object>>| {
            seen.extend(rows.iter().flatten().map(|row| row["id"].as_i64().unwrap()));
        };
        for page in 1..=5 {
            keep(pager.take(list(&before, page)));
        }
        let mut requests = 0;
        while pager.end().is_none() {
            // Each page in a call of its own, with the cursor in between.
            pager = Pager::from_json(&pager.to_json(), None).unwrap();
            let plan = pager.plan(2);
            for page in plan.pages {
                requests += 1;
                let rows = pager.take(list(&after, usize::try_from(page).unwrap()));
                let goes_back = rows.is_none();
                keep(rows);
                if goes_back {
                    break;
                }
            }
        }
        assert_eq!(seen, (1..=80 + gone).collect::<Vec<i64>>(), "{gone} gone");
        assert!(requests < 40, "{requests} requests");
    }
}

#[test]
fn foreign_cursors_are_refused() {
    for wrong in [json!(null), json!([]), json!([0, 1, 2, 3, 4, 5, 6]), json!([1, "x", 2, 3, 4, 5, 6])] {
        assert_eq!(Pager::from_json(&wrong, None), None);
    }
}

proptest! {
    /// No row is lost, none comes twice, and it ends – unless the server
    /// counts too low *and* caps its pages below any cap ever seen.
    #[test]
    fn every_row_once(
        rows in 0_i64..1_500,
        cap in 10_u32..150,
        count in prop_oneof![
            Just(Count::True),
            Just(Count::Missing),
            (-1_500_i64..200).prop_map(Count::Off),
        ],
        repeats_last_page: bool,
        descending: bool,
    ) {
        let server = Server { rows, cap, count, repeats_last_page, descending };
        let (mut ids, requests, _) = read(&server, None, true);
        if descending { ids.reverse(); }
        prop_assert_eq!(ids, (1..=rows).collect::<Vec<i64>>());
        let pages = usize::try_from(rows).unwrap() / usize::try_from(cap.min(100)).unwrap() + 1;
        prop_assert!(requests <= pages + pages / 9 + 10 + 200 / 10);
    }

    #[test]
    fn a_limit_gives_the_first_rows(limit in 1_u64..400, cap in 1_u32..150, repeats_last_page: bool) {
        let server = Server { cap, repeats_last_page, ..HONEST };
        let (ids, _, _) = read(&server, Some(limit), true);
        prop_assert_eq!(ids.len() as u64, limit);
        prop_assert!(ids.is_sorted());
    }
}

fn page_of(ids: &[i64], number: u32, size: usize) -> Page {
    let first = (usize::try_from(number).unwrap() - 1) * size;
    Page {
        rows: ids
            .iter()
            .skip(first)
            .take(size)
            .map(|id| Object::from_iter([("id".to_string(), json!(id))]))
            .collect(),
        record_count: u64::try_from(ids.len()).ok(),
        ..Page::default()
    }
}

/// Reads a list page by page, each page from what `server` says it is.
fn read_from(mut pager: Pager, mut server: impl FnMut(u32) -> Page) -> (Vec<i64>, usize, End) {
    let mut ids = vec![];
    let mut requests = 0;
    loop {
        for number in pager.plan(1).pages {
            requests += 1;
            assert!(requests < 500, "endless");
            let rows = pager.take(server(number)).unwrap_or_default();
            ids.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
        }
        if let Some(end) = pager.end() {
            return (ids, requests, end);
        }
    }
}

#[test]
fn a_busy_desk_loses_no_row() {
    // At every third request a row that was read goes away.
    let mut list: Vec<i64> = (1..=1_000).collect();
    let mut requests = 0;
    let (ids, _, _) = read_from(Pager::new(None, true), |number| {
        let page = page_of(&list, number, 100);
        requests += 1;
        if requests % 3 == 0 {
            list.remove(0);
        }
        page
    });
    let lost: Vec<i64> = list.iter().copied().filter(|id| !ids.contains(id)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn a_page_past_the_end_may_count_anything() {
    for (rows, lie, past_the_end, most) in
        [(50, 0, 0, 2), (700, 0, 0, 8), (1_000, 0, 0, 11), (717, 17, 17, 9), (717, 17, 0, 9), (700, 0, 5, 8)]
    {
        let list: Vec<i64> = (1..=rows).collect();
        let (ids, requests, end) = read_from(Pager::new(None, true), |number| {
            let page = page_of(&list, number, 100);
            let counted = u64::try_from(rows).unwrap() + lie;
            let record_count = Some(if page.rows.is_empty() { past_the_end } else { counted });
            Page { record_count, ..page }
        });
        assert_eq!(ids, list);
        assert!(requests <= most, "{requests} requests for {rows} rows");
        assert_eq!(end == End::Complete, lie == 0, "{end:?}");
    }
}

#[test]
fn rows_that_vanish_from_another_order_take_none_with_them() {
    let before: Vec<i64> = (1..=300).rev().collect();
    let after = before[30..].to_vec();
    let mut first = true;
    let (ids, _, _) = read_from(Pager::new(None, false), |number| {
        let list = if core::mem::take(&mut first) { &before } else { &after };
        page_of(list, number, 100)
    });
    assert_eq!(ids, before);
}

#[test]
fn an_order_that_rises_within_pages_only_is_seen_through() {
    let list: Vec<i64> = (201..=300).chain(1..=200).collect();
    let (ids, _, _) = read_from(Pager::new(None, true), |number| page_of(&list, number, 100));
    assert_eq!(ids, list);
}

#[test]
fn pages_of_uneven_length_do_not_end_a_list_at_a_cursor() {
    let mut pages = vec![(1..=100).collect::<Vec<i64>>()];
    pages.extend((0..20).map(|page| (101 + page * 50..151 + page * 50).collect()));
    let total = pages.iter().map(Vec::len).sum::<usize>();
    let mut pager = Pager::new(None, true);
    let mut rows = 0;
    let mut calls = 0;
    while pager.end().is_none() {
        calls += 1;
        for _ in 0..10 {
            for number in pager.plan(1).pages {
                let ids = pages.get(usize::try_from(number).unwrap() - 1).cloned().unwrap_or_default();
                let page = Page { record_count: u64::try_from(total).ok(), ..page_of(&ids, 1, 100) };
                rows += pager.take(page).map_or(0, |rows| rows.len());
            }
        }
        pager = if pager.end().is_none() { Pager::from_json(&pager.to_json(), None).unwrap() } else { pager };
        assert!(calls < 20, "endless");
    }
    assert_eq!(rows, total);
}

#[test]
fn everything_in_one_page_survives_a_cursor() {
    // A server that ignores sizes and sorts as it likes.
    let list: Vec<i64> = (1..=5_000).rev().collect();
    let whole = || Page { record_count: None, ..page_of(&list, 1, 5_000) };
    let mut pager = Pager::new(None, true);
    let rows = pager.take(whole()).unwrap().len();
    let mut pager = Pager::from_json(&pager.to_json(), None).unwrap();
    assert_eq!(rows + pager.take(whole()).unwrap().len(), 5_000);
    assert_eq!(pager.end(), Some(End::Complete));
}

#[test]
fn a_list_that_comes_whole_ends_with_its_first_page() {
    let page = |rows: i64, record_count| Page {
        rows: (1..=rows).map(|id| Object::from_iter([("id".to_string(), json!(rows - id))])).collect(),
        record_count,
        ..Page::default()
    };
    let whole = |limit, page| {
        let mut pager = Pager::new(limit, false);
        (pager.take_whole(page).len(), pager.end())
    };
    assert_eq!(whole(None, page(120, None)), (120, Some(End::Complete)));
    assert_eq!(whole(None, page(0, None)), (0, Some(End::Complete)));
    assert_eq!(whole(Some(50), page(120, None)), (50, Some(End::LimitReached)));
    assert_eq!(whole(None, page(50, Some(70))), (50, Some(End::CountTooHigh { counted: 70 })));
}

fn row(id: Value) -> Object {
    Object::from_iter([("id".to_string(), id)])
}

fn page_with(rows: Vec<Object>, record_count: Option<u64>) -> Page {
    Page { rows, record_count, ..Page::default() }
}

/// Reads a list through calls of ten pages with a cursor between them; the
/// number of rows and of requests, and the end.
fn read_in_calls(by_id: bool, mut server: impl FnMut(u32) -> Page) -> (usize, usize, End) {
    let (mut rows, mut requests) = (0, 0);
    let mut pager = Pager::new(None, by_id);
    loop {
        let mut budget = 10;
        while budget > 0 && pager.end().is_none() {
            for number in pager.plan(budget).pages {
                budget = budget.saturating_sub(1);
                requests += 1;
                assert!(requests < 1_000, "endless");
                let Some(more) = pager.take(server(number)) else { break };
                rows += more.len();
            }
        }
        if let Some(end) = pager.end() {
            return (rows, requests, end);
        }
        pager = Pager::from_json(&pager.to_json(), None).unwrap();
    }
}

#[test]
fn rows_without_ids_end() {
    for by_id in [true, false] {
        for id in [json!(null), json!(0), json!("")] {
            let same = || {
                (0..10)
                    .map(|n| {
                        let mut row = row(id.clone());
                        row.insert("n".to_string(), json!(n));
                        row
                    })
                    .collect()
            };
            let (rows, requests, end) = read_in_calls(by_id, |_| page_with(same(), Some(100)));
            assert_eq!((rows, end), (10, End::CountTooHigh { counted: 100 }), "the page comes again");
            assert!(requests <= 10, "{requests} requests");
            let uncounted = read_in_calls(by_id, |_| page_with(same(), None));
            assert_eq!(uncounted, (10, 1, End::WithoutIds));
        }
        // Others on each page, as many as were counted or for ever.
        let mut time = 0;
        let mut others = |_| -> Vec<Object> {
            (0..10)
                .map(|_| {
                    time += 1;
                    Object::from_iter([("read_at".to_string(), json!(time))])
                })
                .collect()
        };
        assert_eq!(
            read_in_calls(by_id, |number| page_with(others(number), Some(35))),
            (40, 4, End::Complete)
        );
        assert_eq!(read_in_calls(by_id, |number| page_with(others(number), None)), (10, 1, End::WithoutIds));
    }
}

#[test]
fn pages_that_ignore_paging_end_and_give_each_row_once() {
    for by_id in [true, false] {
        for rows in [5_i64, 100, 250] {
            for descending in [true, false] {
                let ids = |position: i64| if descending { rows - position } else { position + 1 };
                let all = || (0..rows).map(|position| row(json!(ids(position)))).collect();
                for count in [None, Some(0), u64::try_from(rows).ok(), Some(9_999)] {
                    let (read, requests, _) = read_in_calls(by_id, |_| page_with(all(), count));
                    assert_eq!(i64::try_from(read), Ok(rows), "{by_id} {rows} {descending} {count:?}");
                    assert!(requests <= 12, "{requests} requests");
                }
            }
        }
    }
}

#[test]
fn one_id_in_two_forms_is_one_row() {
    for by_id in [true, false] {
        let (read, _, _) = read_in_calls(by_id, |number| match number {
            1 => page_with([json!(1), json!(2), json!(3)].map(row).to_vec(), Some(4)),
            2 => page_with([json!(2.0), json!("3"), json!(4)].map(row).to_vec(), Some(4)),
            _ => page_with(vec![], Some(4)),
        });
        assert_eq!(read, 4);
    }
}

#[test]
fn an_order_that_breaks_half_way_doubles_nothing() {
    // The last page comes again, with a row in it twice.
    let pages: [&[i64]; 4] = [
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        &[11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
        &[21, 22, 23, 24, 25, 26, 27, 28, 29, 30],
        &[21, 21, 5, 24, 11, 26, 27, 28, 29, 30],
    ];
    let mut seen = vec![];
    let mut pager = Pager::new(None, true);
    while pager.end().is_none() {
        for number in pager.plan(1).pages {
            let page = pages.get(usize::try_from(number).unwrap() - 1).unwrap_or(&pages[3]);
            let rows = page.iter().map(|id| row(json!(id))).collect();
            let rows = pager.take(page_with(rows, Some(60))).unwrap_or_default();
            seen.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
        }
        assert!(seen.len() <= 60, "endless");
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=30).collect::<Vec<i64>>());
    assert!(!pager.may_repeat());
}

#[test]
fn an_order_that_breaks_after_a_cursor_is_said() {
    let page = |ids: &[i64]| page_with(ids.iter().map(|id| row(json!(id))).collect(), Some(100));
    let mut pager = Pager::new(None, true);
    assert_eq!(pager.take(page(&[1, 2, 3])).map(|rows| rows.len()), Some(3));
    let mut pager = Pager::from_json(&pager.to_json(), None).unwrap();
    assert_eq!(pager.take(page(&[1, 2, 3])).map(|rows| rows.len()), Some(0));
    assert_eq!(pager.take(page(&[9, 4, 2])).map(|rows| rows.len()), Some(2));
    assert!(pager.may_repeat());
}

#[test]
fn a_forged_cursor_overflows_nothing() {
    let most = u64::MAX;
    for seen in [json!(i64::MAX), json!(i64::MIN), json!(["#ffffffffffffffff", "x", ""])] {
        let forged = json!([1_u64 << 30, most, most, most, 16, most, seen]);
        let mut pager = Pager::from_json(&forged, Some(most)).unwrap();
        assert!(pager.plan(10).pages.len() <= 10);
        let _ = pager.take(page_with(vec![row(json!(5))], Some(most)));
        let _ = pager.take(page_with(vec![row(json!(null))], None));
        assert!(Pager::from_json(&pager.to_json(), None).is_some() || pager.end().is_some());
    }
}

/// Ten times the rows must not be a hundred times the work.
#[test]
fn the_work_grows_with_the_number_of_rows() {
    use crate::protocol::identity::comparisons;
    for descending in [false, true] {
        let work = |rows: i64| {
            let id = |position: i64| if descending { rows - position } else { position + 1 };
            let all: Vec<Object> = (0..rows).map(|position| row(json!(id(position)))).collect();
            comparisons::of(|| {
                let mut pager = Pager::new(None, true);
                assert_eq!(pager.take_whole(page_with(all, None)).len(), usize::try_from(rows).unwrap());
            })
        };
        let (few, many) = (work(2_000), work(20_000));
        assert!(many < few * 20, "{few} comparisons for 2,000 rows, {many} for 20,000");
    }
}
