//! Templates of the credential spec: `{name}` stands for a credential field.

use std::collections::BTreeMap;

/// `template` with each `{name}` replaced by the field's value, and by nothing
/// where there is no such field. Braces that enclose no name stay as they are.
pub(crate) fn expand(template: &str, fields: &BTreeMap<String, String>) -> String {
    fill(template, &|name| Some(fields.get(name).cloned().unwrap_or_default())).unwrap_or_default()
}

/// The same with values from anywhere; `None` where one is missing.
pub(crate) fn fill(template: &str, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut expanded = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        expanded.push_str(before);
        match after.split_once('}') {
            Some((name, after)) if is_name(name) => {
                expanded.push_str(&value(name)?);
                rest = after;
            }
            _ => {
                expanded.push('{');
                rest = after;
            }
        }
    }
    expanded.push_str(rest);
    Some(expanded)
}

/// The name of a template that is nothing but `{name}`.
pub(crate) fn sole_name(template: &str) -> Option<&str> {
    template.strip_prefix('{')?.strip_suffix('}').filter(|name| is_name(name))
}

/// The names that stand in a template, in order.
pub(crate) fn names(template: &str) -> impl Iterator<Item = &str> {
    template
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name)
        .filter(|name| is_name(name))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> BTreeMap<String, String> {
        [("url", "https://a.example"), ("tenant", "acme"), ("odd", "{url}")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn names_become_the_fields_values() {
        assert_eq!(expand("{url}/token", &fields()), "https://a.example/token");
        assert_eq!(expand("{tenant}-{tenant}", &fields()), "acme-acme");
    }

    #[test]
    fn a_field_that_is_not_there_is_nothing() {
        assert_eq!(expand("x{missing}y", &fields()), "xy");
    }

    #[test]
    fn braces_without_a_name_stay() {
        for text in ["{", "}", "{}", "a{b c}", "{url", "100% {"] {
            assert_eq!(expand(text, &fields()), text);
        }
    }

    #[test]
    fn a_value_is_never_expanded_again() {
        assert_eq!(expand("{odd}", &fields()), "{url}");
    }

    #[test]
    fn the_names_of_a_template_are_found_in_order() {
        let found: Vec<&str> = names("{url}/{}/{a b}/{tenant}").collect();
        assert_eq!(found, ["url", "tenant"]);
    }
}
