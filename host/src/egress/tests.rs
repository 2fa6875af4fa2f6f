//! What is open and what is not, told as sentences.

use super::*;
use crate::origin::host;

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn spec(patterns: &[&str]) -> Vec<String> {
    patterns.iter().map(|pattern| (*pattern).to_owned()).collect()
}

fn opens(egress: &Egress, url: &str) -> bool {
    let uri: http::Uri = url.parse().expect(url);
    Origin::of(&uri).and_then(|origin| egress.check(&origin)).is_ok()
}

#[track_caller]
fn assert_open(egress: &Egress, urls: &[&str]) {
    for url in urls {
        assert!(opens(egress, url), "{url} should be open");
    }
}

#[track_caller]
fn assert_closed(egress: &Egress, urls: &[&str]) {
    for url in urls {
        assert!(!opens(egress, url), "{url} should be closed");
    }
}

fn allowing(patterns: &[&str]) -> Egress {
    Egress::explicit(&EgressPolicy::allow(patterns).expect("patterns"))
}

/// What a connection may reach whose `prepare` named `prepared`.
fn connection(
    typed: &[(&str, &str)],
    prepared: &[&str],
    patterns: &[&str],
    policy: &EgressPolicy,
) -> (Egress, Vec<Refusal>) {
    Egress::prepared(&fields(typed), &fields(typed), &spec(prepared), &spec(patterns), policy)
}

#[test]
fn the_default_opens_nothing_without_prepare() {
    assert_closed(&Egress::explicit(&EgressPolicy::default()), &["https://example.com/"]);
    assert_closed(&Egress::default(), &["https://example.com/", "http://127.0.0.1/"]);
}

#[test]
fn an_empty_list_opens_nothing() {
    assert_closed(&allowing(&[]), &["https://example.com/", "http://localhost/"]);
}

#[test]
fn an_exact_pattern_opens_its_origin_only() {
    assert_open(
        &allowing(&["https://api.example.com"]),
        &["https://api.example.com/any/path?q=1", "https://API.example.com.:443/"],
    );
    assert_closed(
        &allowing(&["https://api.example.com"]),
        &[
            "http://api.example.com/",
            "https://api.example.com:8443/",
            "https://example.com/",
            "https://x.api.example.com/",
            "https://api.example.com.evil.test/",
        ],
    );
}

#[test]
fn a_wildcard_opens_what_is_below_and_not_the_name_itself() {
    let egress = allowing(&["https://*.example.com"]);
    assert_open(&egress, &["https://a.example.com/", "https://b.a.example.com/"]);
    assert_closed(
        &egress,
        &[
            "https://example.com/",
            "https://badexample.com/",
            "https://a.example.com.evil.test/",
            "http://a.example.com/",
        ],
    );
}

#[test]
fn a_pattern_without_scheme_means_https() {
    assert_open(&allowing(&["api.example.com"]), &["https://api.example.com/"]);
    assert_closed(&allowing(&["api.example.com"]), &["http://api.example.com/"]);
}

#[test]
fn a_port_is_meant_exactly_unless_it_is_a_star() {
    assert_open(&allowing(&["http://10.0.0.5:8080"]), &["http://10.0.0.5:8080/"]);
    assert_closed(&allowing(&["http://10.0.0.5:8080"]), &["http://10.0.0.5/"]);
    assert_open(&allowing(&["http://127.0.0.1:*"]), &["http://127.0.0.1:1/", "http://127.0.0.1:65535/"]);
}

#[test]
fn patterns_that_mean_nothing_are_refused_with_their_text() {
    for pattern in [
        "",
        "*",
        "*.",
        "https://*",
        "https://a.*.example.com",
        "https://*a.example.com",
        "https://**.example.com",
        "*.127.0.0.1",
        "ftp://example.com",
        "https://example.com/path",
        "https://example.com?x",
        "https://me@example.com",
        "https://example.com:port",
        "https://example.com:70000",
        "https://exa mple.com",
    ] {
        match EgressPolicy::allow([pattern]) {
            Err(HostError::Pattern { pattern: told, .. }) => assert_eq!(told, pattern),
            other => panic!("{pattern:?} gave {other:?}"),
        }
    }
}

#[test]
fn a_connection_reaches_what_prepare_named_and_nothing_else() {
    let (egress, refused) = connection(
        &[("url", "https://a.example.com")],
        &["https://a.example.com/api", "https://auth.example.com"],
        &["https://*.example.com"],
        &EgressPolicy::default(),
    );
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!(egress.origins(), ["https://a.example.com", "https://auth.example.com"]);
    assert_open(&egress, &["https://a.example.com/x", "https://auth.example.com/token"]);
    assert_closed(&egress, &["https://b.example.com/", "https://example.com/"]);
}

#[test]
fn a_component_gets_no_more_than_its_spec_names() {
    let (egress, refused) = connection(
        &[("url", "https://a.example.com")],
        &["https://a.example.com", "https://evil.test"],
        &["{url}"],
        &EgressPolicy::default(),
    );
    assert_closed(&egress, &["https://evil.test/"]);
    assert_eq!(refused.len(), 1);
    assert!(refused[0].reason.contains("https://evil.test"), "{refused:?}");
}

#[test]
fn a_component_gets_no_more_than_the_operator_allows_and_the_operator_learns_the_line() {
    let policy = EgressPolicy::allow(["https://a.example.com"]).expect("policy");
    let (egress, refused) = connection(
        &[],
        &["https://a.example.com", "https://auth.example.com"],
        &["https://*.example.com"],
        &policy,
    );
    assert_open(&egress, &["https://a.example.com/"]);
    assert_closed(&egress, &["https://auth.example.com/"]);
    assert_eq!(refused.len(), 1);
    let told = refused[0].to_string();
    assert!(told.contains("add `https://auth.example.com` to the egress policy"), "{told}");
}

/// What the operator is told about a request to `url`.
fn told(egress: &Egress, url: &str) -> String {
    let origin = Origin::of(&url.parse().expect(url)).expect(url);
    egress.check(&origin).expect_err("closed").to_string()
}

#[test]
fn the_line_that_the_operator_is_told_to_add_opens_the_origin() {
    let prepared = ["https://a.example.com", "https://auth.example.com:8443"];
    let with = |lines: &[&str]| {
        let policy = EgressPolicy::allow(lines).expect("policy");
        connection(&[], &prepared, &["https://*.example.com", "https://*.example.com:8443"], &policy).0
    };
    let told = told(&with(&["https://a.example.com"]), "https://auth.example.com:8443/x");
    let line = told.split('`').nth(1).expect("a line");
    assert_open(&with(&["https://a.example.com", line]), &["https://auth.example.com:8443/x"]);
}

#[test]
fn what_the_component_never_named_is_not_the_operators_to_add() {
    let (egress, _) = connection(
        &[("url", "https://a.example.com")],
        &["https://a.example.com"],
        &["{url}"],
        &EgressPolicy::allow(["https://*.example.com"]).expect("policy"),
    );
    let refused = told(&egress, "https://b.example.com/");
    assert!(refused.contains("https://b.example.com") && refused.contains("makers"), "{refused}");
    assert!(!refused.contains("add `"), "{refused}");
    let typing = Egress::typed(&fields(&[("url", "https://a.example.com")]), &[], &EgressPolicy::default());
    assert!(told(&typing, "https://b.example.com/").contains("name it in the credentials"));
    assert!(told(&allowing(&[]), "https://b.example.com/").contains("add `https://b.example.com`"));
}

#[test]
fn this_machine_is_closed_unless_a_person_typed_it() {
    let prepared = ["http://127.0.0.1:9000"];
    let (typed, _) =
        connection(&[("url", "http://127.0.0.1:9000/api")], &prepared, &["{url}"], &EgressPolicy::default());
    assert_open(&typed, &["http://127.0.0.1:9000/"]);

    // A server that was asked answered with this machine's address.
    let (answered, _) = Egress::prepared(
        &fields(&[("url", "https://a.example.com")]),
        &fields(&[("url", "http://127.0.0.1:9000")]),
        &spec(&prepared),
        &spec(&["{url}"]),
        &EgressPolicy::default(),
    );
    assert_closed(&answered, &["http://127.0.0.1:9000/"]);
}

#[test]
fn this_machine_is_open_where_the_operator_wrote_it() {
    let policy = EgressPolicy::allow(["http://localhost:9000"]).expect("policy");
    assert_open(&Egress::explicit(&policy), &["http://localhost:9000/"]);
    assert_closed(&Egress::explicit(&policy), &["http://127.0.0.1:9000/", "http://localhost/"]);
}

#[test]
fn prepare_reaches_the_typed_hosts_and_no_others() {
    let egress = Egress::typed(
        &fields(&[("url", "https://desk.customer.example/api"), ("tenant", "acme")]),
        &spec(&["{url}", "https://*.vendor.example"]),
        &EgressPolicy::default(),
    );
    assert_open(&egress, &["https://desk.customer.example/api/info", "https://acme.vendor.example/"]);
    assert_closed(
        &egress,
        &[
            "https://other.customer.example/",
            "https://other.vendor.example/",
            "https://vendor.example/",
            "https://x.acme.vendor.example/",
            "http://127.0.0.1/",
        ],
    );
}

#[test]
fn a_bare_name_opens_only_hosts_of_the_spec_that_begin_with_it() {
    let egress = Egress::typed(
        &fields(&[("url", "example")]),
        &spec(&["https://*.vendor.example", "{url}"]),
        &EgressPolicy::default(),
    );
    assert_open(&egress, &["https://example.vendor.example/"]);
    assert_closed(
        &egress,
        &["https://example.evil.test/", "https://examples.vendor.example/", "http://example.vendor.example/"],
    );
}

#[test]
fn prepare_stays_within_the_operators_policy() {
    let policy = EgressPolicy::allow(["https://example.vendor.example"]).expect("policy");
    let patterns = spec(&["https://*.vendor.example"]);
    let allowed = Egress::typed(&fields(&[("url", "example")]), &patterns, &policy);
    assert_open(&allowed, &["https://example.vendor.example/"]);
    let other = Egress::typed(&fields(&[("url", "other")]), &patterns, &policy);
    assert_closed(&other, &["https://other.vendor.example/"]);
}

#[test]
fn a_template_filled_from_the_fields_opens_that_host_during_prepare() {
    let egress = Egress::typed(
        &fields(&[("region", "eu")]),
        &spec(&["https://{region}.vendor.example", "https://static.vendor.example"]),
        &EgressPolicy::default(),
    );
    assert_open(&egress, &["https://eu.vendor.example/", "https://static.vendor.example/"]);
    assert_closed(&egress, &["https://us.vendor.example/"]);
}

fn reaches(egress: &Egress, name: &str, address: &str) -> bool {
    let host = host(name).expect(name);
    egress.addresses().check(&host, address.parse().expect(address)).is_ok()
}

#[test]
fn a_public_name_may_lead_to_public_addresses_only() {
    let egress = allowing(&["https://api.example.com"]);
    assert!(reaches(&egress, "api.example.com", "93.184.216.34"));
    for address in
        ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "100.64.0.1", "224.0.0.1"]
    {
        assert!(!reaches(&egress, "api.example.com", address), "{address}");
    }
}

#[test]
fn private_addresses_are_open_where_the_operator_says_so_and_metadata_never() {
    let policy = EgressPolicy::allow(["https://desk.corp.example"]).expect("policy").allow_private(true);
    let egress = Egress::explicit(&policy);
    assert!(reaches(&egress, "desk.corp.example", "10.1.2.3"));
    assert!(reaches(&egress, "desk.corp.example", "fd12::1"));
    for address in ["127.0.0.1", "169.254.169.254", "fd00:ec2::254", "100.100.100.200"] {
        assert!(!reaches(&egress, "desk.corp.example", address), "{address}");
    }
}

#[test]
fn a_refused_private_address_tells_the_operator_what_to_do() {
    let refusal = allowing(&["https://desk.example"])
        .addresses()
        .check(&host("desk.example").expect("host"), "10.0.0.1".parse().expect("address"))
        .expect_err("private");
    assert!(refusal.to_string().contains("allow private addresses"), "{refusal}");
}

#[test]
fn a_name_that_is_not_localhost_never_leads_to_this_machine() {
    let (egress, _) = connection(
        &[("url", "http://localhost:9000"), ("other", "https://rebind.example")],
        &["http://localhost:9000", "https://rebind.example"],
        &["{url}", "{other}"],
        &EgressPolicy::default(),
    );
    assert!(reaches(&egress, "localhost", "127.0.0.1"));
    assert!(reaches(&egress, "127.0.0.1", "127.0.0.1"));
    assert!(!reaches(&egress, "rebind.example", "127.0.0.1"));
}
