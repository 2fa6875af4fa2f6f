//! Filters of a list as data, and their meaning (HAPI §6).

use serde_json::Value;

use super::{Resource, advanced};
use crate::{
    protocol::{Query, Refusal, dates, query::split_list},
    state::{
        Row, World,
        row::{Switch, whole},
    },
};

/// A query parameter that narrows a list.
#[derive(Clone, Copy)]
pub(crate) struct Filter {
    pub(crate) param: &'static str,
    pub(crate) test: Test,
}

/// What a filter asks of a row.
#[derive(Clone, Copy)]
pub(crate) enum Test {
    /// The field is this id.
    Id(&'static str),
    /// The field is one of these ids or texts, comma separated.
    OneOf(&'static str),
    /// The text of the field contains this one, without case.
    Contains(&'static str),
    /// The date in the field is not before this one.
    Since(&'static str),
    /// The date in the field is not after this one.
    Until(&'static str),
    /// With `true`: the switch in the field is on.
    On(&'static str),
    /// With `true`: the switch in the field is off.
    Off(&'static str),
    /// Something of its own.
    By(fn(&World, &Row, &str) -> bool),
}

pub(crate) const fn id(param: &'static str, field: &'static str) -> Filter {
    by(param, Test::Id(field))
}
pub(crate) const fn one_of(param: &'static str, field: &'static str) -> Filter {
    by(param, Test::OneOf(field))
}
pub(crate) const fn by(param: &'static str, test: Test) -> Filter {
    Filter { param, test }
}

/// A filter with its value read.
pub(crate) type Predicate<'a> = Box<dyn Fn(&Row) -> bool + 'a>;

/// The filters that a request uses.
pub(crate) fn compile<'a>(
    world: &'a World,
    resource: &'static Resource,
    query: &'a Query,
) -> Result<Vec<Predicate<'a>>, Refusal> {
    let mut predicates = Vec::new();
    for filter in resource.filters {
        if let Some(text) = query.get(filter.param)
            && let Some(predicate) = predicate(world, resource, filter, text)?
        {
            predicates.push(predicate);
        }
    }
    if resource.advanced_search
        && let Some(text) = query.get("advanced_search")
    {
        predicates.extend(advanced::compile(world, resource, text)?);
    }
    Ok(predicates)
}

fn predicate<'a>(
    world: &'a World,
    resource: &'static Resource,
    filter: &Filter,
    text: &'a str,
) -> Result<Option<Predicate<'a>>, Refusal> {
    let bad = || Refusal::ModelState {
        path: filter.param.to_owned(),
        message: format!("The value '{text}' is not valid."),
    };
    let is_true = text.eq_ignore_ascii_case("true") || text == "1";
    let predicate: Predicate<'a> = match filter.test {
        Test::Id(field) => {
            let wanted: i64 = text.trim().parse().map_err(|_| bad())?;
            Box::new(move |row| resource.int(world, row, field) == wanted)
        }
        Test::OneOf(field) => {
            let wanted = split_list(text);
            Box::new(move |row| {
                let value = resource.value(world, row, field);
                wanted.iter().any(|text| same(&value, text))
            })
        }
        Test::Contains(field) => {
            let wanted = text.to_lowercase();
            Box::new(move |row| {
                let value = resource.value(world, row, field);
                searchable(&value).to_lowercase().contains(&wanted)
            })
        }
        Test::Since(field) => {
            let from = dates::canonical(text).ok_or_else(bad)?;
            Box::new(move |row| row.text(field) >= from.as_str())
        }
        Test::Until(field) => {
            let to = dates::upper_bound(text).ok_or_else(bad)?;
            Box::new(move |row| row.text(field) <= to.as_str())
        }
        Test::On(field) if is_true => {
            let switch = Switch::named(field);
            Box::new(move |row| switch.is_on(row))
        }
        Test::Off(field) if is_true => {
            let switch = Switch::named(field);
            Box::new(move |row| !switch.is_on(row))
        }
        Test::On(_) | Test::Off(_) => return Ok(None),
        Test::By(work) => Box::new(move |row| work(world, row, text)),
    };
    Ok(Some(predicate))
}

/// Whether a value is what a piece of a comma-separated list says.
fn same(value: &Value, text: &str) -> bool {
    match whole(value) {
        Some(number) => text.parse() == Ok(number),
        None => value.as_str().is_some_and(|known| known.eq_ignore_ascii_case(text)),
    }
}

/// A value as text to search in.
pub(crate) fn searchable(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
