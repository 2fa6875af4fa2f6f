//! Which rows of a list are sent, and what `record_count` says (HAPI §5.3).
//!
//! The rules, all of them surprising: without `pageinate` the size asked for is
//! ignored; without `page_no` the page is the default one, or as many rows as
//! `count` says; `count` cuts an unpaged list and becomes the count; a page past
//! the end says 0.

use super::Query;

/// Rows on a page where nobody asked, or where asking does not count: the
/// setting of a fresh API agent (HAPI §5.3).
pub(crate) const DEFAULT_PAGE: usize = 50;

/// The most tickets that `count` gives (HAPI §5.3).
pub(crate) const COUNT_CAP: usize = 1000;

/// How a list endpoint pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageRule {
    /// Pages of up to this many rows.
    Capped(usize),
    /// Pages of this many rows, whatever is asked (assets).
    Fixed(usize),
    /// Pages of up to this many rows where a page number is sent, else everything
    /// (appointments).
    Numbered(usize),
    /// Everything, whatever is asked.
    Unpaged,
    /// As many as `count` says, else the default page; the count is of all.
    Counted,
}

/// What the switches change about paging.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PageQuirks {
    /// Another cap for every paged list.
    pub(crate) cap: Option<usize>,
    /// Added to every count.
    pub(crate) count_off: i64,
    /// No count at all.
    pub(crate) no_count: bool,
    /// A page past the end is the last one again.
    pub(crate) repeat_last: bool,
    /// Everything comes, whatever page is asked for.
    pub(crate) ignored: bool,
    /// A size without a page number counts.
    pub(crate) size_alone: bool,
}

/// The answer to "which rows?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Rows to leave out before the first.
    pub(crate) skip: usize,
    /// The most rows to send.
    pub(crate) take: usize,
    /// `page_no` and `page_size`, where the request paged.
    pub(crate) echo: Option<(usize, usize)>,
    /// What `record_count` says; absent only by quirk.
    pub(crate) record_count: Option<i64>,
}

impl Page {
    /// All rows, and no word about it.
    pub(crate) const EVERYTHING: Self = Self { skip: 0, take: usize::MAX, echo: None, record_count: None };
}

/// Decides the page of a list with `total` matching rows, of which `count` may
/// ask for `most`.
#[must_use]
pub(crate) fn page(rule: PageRule, query: &Query, total: usize, most: usize, quirks: PageQuirks) -> Page {
    let asked_count = query.int("count").and_then(positive);
    if quirks.ignored && rule != PageRule::Unpaged && query.flag("pageinate") {
        // Asked for, so that they do not show as mistyped.
        let _ = (query.int("page_no"), query.int("page_size"));
        let said = i64::try_from(total).unwrap_or(i64::MAX).saturating_add(quirks.count_off);
        return Page { record_count: (!quirks.no_count).then_some(said), ..Page::EVERYTHING };
    }
    let numbered = query.int("page_no").is_some();
    let (skip, take, echo) = match (rule, asked_count) {
        (PageRule::Numbered(_), _) if !numbered => (0, usize::MAX, None),
        // Clients that send both get their pages: they rely on it.
        (PageRule::Capped(_) | PageRule::Fixed(_) | PageRule::Numbered(_), _) if query.flag("pageinate") => {
            let size = page_size(rule, query, quirks);
            let asked = query.int("page_no").and_then(positive).unwrap_or(1);
            let last = total.div_ceil(size).max(1);
            let number = if quirks.repeat_last { asked.min(last) } else { asked };
            ((number - 1).saturating_mul(size), size, Some((asked, size)))
        }
        (_, Some(count)) => (0, count.min(most), None),
        (PageRule::Unpaged, None) => (0, usize::MAX, None),
        (_, None) => (0, DEFAULT_PAGE.min(quirks.cap.unwrap_or(DEFAULT_PAGE)), None),
    };
    let sent = total.saturating_sub(skip).min(take);
    let said = match echo {
        _ if rule == PageRule::Counted => total,
        Some(_) if sent > 0 => total,
        _ => sent,
    };
    let said = i64::try_from(said).unwrap_or(i64::MAX).saturating_add(quirks.count_off);
    Page { skip, take, echo, record_count: (!quirks.no_count).then_some(said) }
}

fn page_size(rule: PageRule, query: &Query, quirks: PageQuirks) -> usize {
    let asked = query.int("page_size").and_then(positive);
    let numbered = query.int("page_no").is_some();
    // A size without a page number is not believed: rows 51 to 100 are lost. That
    // one row came where page_size and count both were 1 fits this, and a server
    // that believes the size as well.
    let asked = asked.filter(|_| numbered || quirks.size_alone).unwrap_or(DEFAULT_PAGE);
    let fewer = query.int("count").and_then(positive).filter(|_| !numbered).unwrap_or(usize::MAX);
    let size = match (rule, quirks.cap) {
        (_, Some(cap)) => asked.min(cap.max(1)),
        (PageRule::Fixed(size), None) => size,
        (PageRule::Capped(limit) | PageRule::Numbered(limit), None) => asked.min(limit),
        (PageRule::Unpaged | PageRule::Counted, None) => asked,
    };
    size.min(fewer)
}

fn positive(number: i64) -> Option<usize> {
    usize::try_from(number).ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tickets(query: &str) -> Page {
        page(PageRule::Capped(100), &Query::parse(query), 717, COUNT_CAP, PageQuirks::default())
    }

    #[test]
    fn the_rules_of_the_fact_sheet() {
        for (query, skip, take, count) in [
            ("", 0, 50, 50),
            ("page_size=500", 0, 50, 50),
            ("pageinate=true", 0, 50, 717),
            ("pageinate=true&page_size=100", 0, 50, 717),
            ("pageinate=true&page_no=2&page_size=1000", 100, 100, 717),
            ("pageinate=true&page_no=8&page_size=100", 700, 100, 717),
            ("pageinate=true&page_no=9&page_size=100", 800, 100, 0),
            ("count=1", 0, 1, 1),
            ("count=1&pageinate=true&page_no=2&page_size=100", 100, 100, 717),
            ("count=1&pageinate=true&page_size=1", 0, 1, 717),
            ("count=5000", 0, 1000, 717),
        ] {
            let page = tickets(query);
            assert_eq!((page.skip, page.take, page.record_count), (skip, take, Some(count)), "{query}");
        }
    }
}
