//! The facts that reading can show.
//!
//! To add one: name it, say it, name its section, say what to ask for, and judge
//! the answers without quoting a value. `tests/all/verify.rs` wants a case in which
//! it differs.

mod lists;
mod records;

use std::sync::OnceLock;

use halopsa_node::catalogue::RESOURCES;
use halopsa_node::catalogue::resource::{Paging, Verb};
use serde_json::Value;

use super::judge::{Verdict, agree, differs, nth};
use super::{Answer, Ask, Confidence, Probe};
use Confidence::Live;

/// How the probes begin that ask for the list of a resource.
const LIST: &str = "list ";

/// All probes that only read.
#[must_use]
pub fn all() -> &'static [&'static Probe] {
    static ALL: OnceLock<Vec<&'static Probe>> = OnceLock::new();
    ALL.get_or_init(|| lists::PROBES.iter().chain(records::PROBES).chain(of_catalogue()).collect())
}

/// For each resource of the catalogue: is its list wrapped as it is read?
fn of_catalogue() -> &'static [Probe] {
    static LISTS: OnceLock<Vec<Probe>> = OnceLock::new();
    LISTS.get_or_init(|| {
        let listed = RESOURCES.iter().filter(|resource| {
            // Actions are asked for by ticket, which another probe does.
            let has_list = resource.operations.iter().any(|operation| matches!(operation.verb, Verb::List));
            has_list && !resource.path.is_empty() && resource.list_required.all.is_empty()
        });
        listed
            .map(|resource| {
                let leaked: &'static str = Box::leak(format!("{LIST}{}", resource.name).into_boxed_str());
                let query = match resource.paging {
                    Paging::Pages => "pageinate=true&page_no=1&page_size=1",
                    Paging::Whole => "",
                    Paging::Counted => "count=1",
                };
                let asks: &'static [Ask] = Box::leak(Box::new([Ask::get(resource.path, query)]));
                Probe {
                    name: leaked,
                    says: "a list comes under the key that the catalogue names, or bare",
                    section: "§5.1",
                    confidence: Live,
                    asks,
                    judged: judge_list,
                }
            })
            .collect()
    })
}

/// The list of a resource: bare, or under its key.
fn judge_list(probe: &Probe, answers: &[Answer]) -> Verdict {
    let answer = nth(answers, 0)?;
    answer.is_read()?;
    let key = probe
        .name
        .strip_prefix(LIST)
        .and_then(|name| RESOURCES.iter().find(|resource| resource.name == name));
    let key = key.map_or("", |resource| resource.list_key);
    match answer.list() {
        Some((None, _)) => Ok(()),
        // A list may be among others.
        Some((Some(found), _)) => agree(answer.unwrapped().get(key).is_some_and(Value::is_array), || {
            format!("the rows come under `{found}`")
        }),
        None => Err(differs(format!("no list, but {}", super::answer::shape(&answer.body)))),
    }
}
