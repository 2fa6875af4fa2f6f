//! What is open and what is not, told as sentences.

use super::*;
use crate::origin::host;

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
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

/// The terms of a connection whose embedder accepted `accepted`.
fn terms(typed: &[(&str, &str)], patterns: &[&str], accepted: &[&str]) -> Terms {
    let spec: Vec<SpecPattern> = patterns.iter().map(|text| SpecPattern::parse(text).expect(text)).collect();
    let typed = fields(typed);
    Terms::new(&spec, &typed, &typed, &Reach::accept(accepted).expect("patterns"))
}

/// What `prepare` may reach.
fn preparing(typed: &[(&str, &str)], patterns: &[&str], accepted: &[&str], policy: &EgressPolicy) -> Egress {
    Egress::typed(&terms(typed, patterns, accepted), &fields(typed), policy)
}

/// What a connection may reach whose `prepare` named `prepared`, where everything
/// that can be accepted was accepted.
fn connection(
    typed: &[(&str, &str)],
    prepared: &[&str],
    patterns: &[&str],
    policy: &EgressPolicy,
) -> (Egress, Vec<Refusal>) {
    let all: Vec<&str> = patterns.iter().copied().filter(|text| !text.starts_with('{')).collect();
    completed(typed, typed, prepared, patterns, &all, policy)
}

/// The same where `prepare` wrote something else back.
fn completed(
    typed: &[(&str, &str)],
    completed: &[(&str, &str)],
    prepared: &[&str],
    patterns: &[&str],
    accepted: &[&str],
    policy: &EgressPolicy,
) -> (Egress, Vec<Refusal>) {
    let terms = terms(typed, patterns, accepted);
    let prepared: Vec<String> = prepared.iter().map(|&text| text.to_owned()).collect();
    Egress::prepared(&terms, &fields(typed), &fields(completed), &prepared, policy)
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
        "*.com",
        "https://*.co.uk",
        "https://*.github.io",
        "https://example.com/path/../x",
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
    let typing = preparing(&[("url", "https://a.example.com")], &[], &[], &EgressPolicy::default());
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
    let (answered, _) = completed(
        &[("url", "https://a.example.com")],
        &[("url", "http://127.0.0.1:9000")],
        &prepared,
        &["{url}"],
        &[],
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
    let egress = preparing(
        &[("url", "https://desk.customer.example/api"), ("tenant", "acme")],
        &["{url}", "https://*.vendor.example"],
        &["https://*.vendor.example"],
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
    let egress = preparing(
        &[("url", "example")],
        &["https://*.vendor.example", "{url}"],
        &["https://*.vendor.example"],
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
    let patterns = ["https://*.vendor.example"];
    let allowed = preparing(&[("url", "example")], &patterns, &patterns, &policy);
    assert_open(&allowed, &["https://example.vendor.example/"]);
    let other = preparing(&[("url", "other")], &patterns, &patterns, &policy);
    assert_closed(&other, &["https://other.vendor.example/"]);
}

#[test]
fn a_template_filled_from_the_fields_opens_that_host_during_prepare() {
    let patterns = ["https://{region}.vendor.example", "https://static.vendor.example"];
    let egress = preparing(&[("region", "eu")], &patterns, &patterns, &EgressPolicy::default());
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
fn private_addresses_are_open_where_the_operator_says_so_and_metadata_is_not() {
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
    assert!(refusal.to_string().contains("allow_networks"), "{refusal}");
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

/// Everything that a component can say of its own in `prepare`.
fn lies(lie: &str) -> (Egress, Vec<Refusal>) {
    completed(
        &[("url", "https://a.example.com")],
        &[("url", lie), ("auth_url", lie)],
        &[lie, "https://a.example.com"],
        &["{url}", "{auth_url}", "https://*.vendor.example"],
        &[],
        &EgressPolicy::default(),
    )
}

#[test]
fn what_a_component_wrote_back_opens_nothing() {
    for lie in [
        "https://evil.test",
        "http://a.example.com",
        "http://a.example.com:443",
        "https://a.example.com:8443",
        "https://b.a.example.com",
        "https://evil.vendor.example",
        "https://a.example.com.evil.test",
        "http://127.0.0.1:1",
        "https://[2001:4860::1]",
    ] {
        let (egress, refused) = lies(lie);
        assert_eq!(egress.origins(), ["https://a.example.com"], "{lie}");
        assert_closed(&egress, &[&format!("{lie}/token")]);
        let text = refused.first().map(ToString::to_string).unwrap_or_default();
        assert!(refused.len() == 1 && text.contains(&Origin::of_text(lie).expect(lie).to_string()), "{text}");
    }
}

#[test]
fn the_typed_origin_is_open_however_it_is_spelt() {
    for same in ["https://A.example.com.", "https://a.example.com:443/auth", "HTTPS://a.EXAMPLE.com"] {
        let (egress, refused) = lies(same);
        assert!(refused.is_empty(), "{refused:?}");
        assert_eq!(egress.origins(), ["https://a.example.com"], "{same}");
    }
}

#[test]
fn the_specs_own_patterns_count_after_they_were_accepted() {
    let patterns = ["{url}", "{auth_url}", "https://*.vendor.example"];
    let with = |accepted: &[&str], origin: &str| {
        let typed = [("url", "https://a.example.com")];
        completed(&typed, &[("auth_url", origin)], &[origin], &patterns, accepted, &EgressPolicy::default())
    };
    let auth = "https://auth.vendor.example";
    let (_, refused) = with(&[], auth);
    let told = refused.first().map(ToString::to_string).unwrap_or_default();
    let line = told.split('`').nth(1).expect("a line");
    assert_eq!(line, "https://*.vendor.example");
    assert_open(&with(&[line], auth).0, &["https://auth.vendor.example/token"]);
    assert_open(&with(&[auth], auth).0, &["https://auth.vendor.example/token"]);
    for other in ["https://other.vendor.example", "https://*.vendor.test", "http://*.vendor.example"] {
        assert_closed(&with(&[other], auth).0, &["https://auth.vendor.example/token"]);
    }
    // A newer build that reaches further is not covered.
    assert_closed(
        &with(&["https://*.vendor.example"], "https://auth.newer.example").0,
        &["https://auth.newer.example/"],
    );
    // A discovered address that is beyond every pattern can be accepted by itself.
    let (_, refused) = with(&[], "https://login.customer.test");
    let told = refused.first().map(ToString::to_string).unwrap_or_default();
    let line = told.split('`').nth(1).expect("a line").to_owned();
    assert_open(&with(&[&line], "https://login.customer.test").0, &["https://login.customer.test/"]);
}

#[test]
fn an_acceptance_does_not_widen_the_spec() {
    let (egress, _) = completed(
        &[("url", "https://a.example.com")],
        &[("url", "https://a.example.com")],
        &["https://evil.vendor.example"],
        &["{url}"],
        &["https://*.vendor.example"],
        &EgressPolicy::default(),
    );
    assert_closed(&egress, &["https://evil.vendor.example/"]);
}

#[test]
fn a_host_that_was_typed_with_https_is_not_asked_in_plain() {
    let patterns = ["{url}", "http://*.vendor.example"];
    let asks = |typed: &str| {
        let (egress, _) = completed(
            &[("url", typed)],
            &[("url", typed)],
            &["http://acme.vendor.example"],
            &patterns,
            &["http://*.vendor.example"],
            &EgressPolicy::default(),
        );
        opens(&egress, "http://acme.vendor.example/")
    };
    assert!(!asks("https://acme.vendor.example") && !asks("acme.vendor.example"));
    assert!(asks("http://acme.vendor.example") && asks("https://other.example"));
}

#[test]
fn a_template_is_filled_from_what_was_typed() {
    let patterns = ["https://{tenant}.vendor.example"];
    let (egress, _) = completed(
        &[("tenant", "acme")],
        &[("tenant", "evil")],
        &["https://evil.vendor.example", "https://acme.vendor.example"],
        &patterns,
        &patterns,
        &EgressPolicy::default(),
    );
    assert_eq!(egress.origins(), ["https://acme.vendor.example"]);
}

#[test]
fn a_default_is_the_components_own_and_not_typed() {
    let spec = [SpecPattern::parse("{url}").expect("pattern")];
    let values = fields(&[("url", "https://default.vendor.example")]);
    let with = |accepted: &[&str]| {
        let terms = Terms::new(&spec, &fields(&[]), &values, &Reach::accept(accepted).expect("patterns"));
        let prepared = ["https://default.vendor.example".to_owned()];
        Egress::prepared(&terms, &fields(&[]), &values, &prepared, &EgressPolicy::default()).0
    };
    assert_closed(&with(&[]), &["https://default.vendor.example/"]);
    assert_open(&with(&["https://default.vendor.example"]), &["https://default.vendor.example/"]);
}

#[test]
fn methods_and_paths_of_a_policy_hold_for_requests() {
    let policy = EgressPolicy::allow(["GET https://a.example.com/v2/*"]).expect("policy");
    let (egress, refused) =
        connection(&[("url", "https://a.example.com")], &["https://a.example.com"], &["{url}"], &policy);
    assert!(refused.is_empty(), "{refused:?}");
    let origin = Origin::of_text("https://a.example.com").expect("origin");
    assert!(egress.check_request(&origin, &Method::GET, "/v2/x").is_ok());
    let refusal = egress.check_request(&origin, &Method::POST, "/v2/x").expect_err("a method").to_string();
    let line = refusal.split('`').nth(1).expect("a line");
    let wider = Egress::explicit(&EgressPolicy::allow([line]).expect("policy"));
    assert!(wider.check_request(&origin, &Method::POST, "/v2/x").is_ok(), "{line}");
    assert!(wider.check_request(&origin, &Method::POST, "/v2/y").is_err(), "{line}");
}
