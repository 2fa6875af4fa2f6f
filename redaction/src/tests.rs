use alloc::format;
use alloc::string::ToString as _;

use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

fn cleaned(secrets: &[&str], text: &str, kind: Kind) -> String {
    let mut text = text.to_string();
    Redactor::new(secrets.iter().copied()).text(&mut text, kind);
    text
}

fn in_json(secrets: &[&str], json: &str) -> String {
    let mut json = json.to_string();
    Redactor::new(secrets.iter().copied()).json(&mut json, Kind::Data);
    json
}

#[test]
fn hides_a_secret_in_words_and_in_data() {
    for kind in [Kind::Words, Kind::Data] {
        let text = cleaned(&["hunter22", "tok-1234"], "hunter22, again hunter22 and tok-1234.", kind);
        assert_eq!(text, "***, again *** and ***.");
        assert_eq!(cleaned(&["hunter22", "of-hunter22-more"], "of-hunter22-more hunter22", kind), "*** ***");
        assert_eq!(cleaned(&[" hunter22\n"], "it is hunter22.", kind), "it is ***.");
    }
}

#[test]
fn hides_short_secrets_in_words_only() {
    assert_eq!(cleaned(&["1234567"], "pin 1234567", Kind::Words), "pin ***");
    assert_eq!(cleaned(&["1234567"], "order 1234567", Kind::Data), "order 1234567");
    assert_eq!(cleaned(&["abc"], "abc", Kind::Words), "abc");
}

#[test]
fn leaves_ordinary_data_alone() {
    let secrets = ["password-of-the-desk", "%41%42 & <tag>-9"];
    for data in [
        "The password of the desk",
        "password policy",
        "100 % of 5 & 7 \\ 8",
        "%41%42",
        "AB & <t",
        "AB & <tag> and",
    ] {
        assert_eq!(cleaned(&secrets, data, Kind::Data), data);
    }
    let json = r#"{"id":12345678,"text":"a\nb","password":"x","nested":[{"a":"\u00e4"}]}"#;
    assert_eq!(in_json(&["12345678", "hunter22"], json), json);
}

#[test]
fn json_stays_json_and_loses_the_secret_wherever_it_stands() {
    let secret = "pa\"ss\\w\u{f6}rd,1";
    let value = serde_json::json!({"a": [{"b": format!("x {secret} y")}], secret: 1, "n": 7});
    let nested = serde_json::json!({"inner": value.to_string()});
    for json in [value.to_string(), nested.to_string()] {
        let clean = in_json(&[secret], &json);
        let parsed: serde_json::Value = serde_json::from_str(&clean).expect("JSON");
        assert!(clean.contains(HIDDEN) && !parsed.to_string().contains("rd,1"), "{clean}");
    }
    assert_eq!(in_json(&["hunter22"], "hunter22 alone"), "*** alone");
    assert_eq!(in_json(&["hunter22"], r#"{"a":"hunter22"#), r#"{"a":"***""#);
    // A letter that an escape ends with is no part of a secret.
    assert_eq!(in_json(&["n1234567"], r#"["\n1234567"]"#), r#"["\n1234567"]"#);
}

#[test]
fn names_of_members_and_brackets_between_texts_are_no_secret() {
    assert_eq!(in_json(&["\",\"bbbb\":\""], r#"{"a":"1","bbbb":"2"}"#), r#"{"a":"1","bbbb":"2"}"#);
}

#[test]
fn every_encoding_is_undone() {
    let secret = "p\u{e4}ss+w/rd &<9>";
    let id = "client-1:";
    for text in [
        "p%C3%A4ss%2Bw%2Frd+%26%3C9%3E",
        "p%c3%a4ss%2bw%2frd%20%26%3c9%3e",
        r#"p\u00e4ss\u002Bw\/rd \u0026\u003c9\u003E"#,
        "p&#228;ss&#43;w/rd &amp;&lt;9&gt;",
        "p&auml;ss&#x2B;w/rd &amp;&lt;9&gt;",
        "p%25C3%25A4ss%252Bw%252Frd%2520%2526%253C9%253E",
        r#"p\\u00e4ss\\u002bw/rd \\u0026\\u003c9\\u003e"#,
        &STANDARD.encode(secret),
        &STANDARD.encode(format!("{id}{secret}")),
        &STANDARD.encode(format!("x{id}{secret}")),
        &STANDARD.encode(format!("xx{id}{secret}:more")),
        &URL_SAFE_NO_PAD.encode(format!("{id}{secret}")),
        &STANDARD.encode("id:p%C3%A4ss%2Bw%2Frd+%26%3C9%3E"),
    ] {
        for kind in [Kind::Words, Kind::Data] {
            let shown = cleaned(&[secret], &format!("it is {text}, no?"), kind);
            assert!(shown.starts_with("it is ") && shown.ends_with(", no?"), "{shown}");
            assert!(shown.contains(HIDDEN) && shown.len() < 40, "{text} became {shown}");
        }
    }
}

#[test]
fn a_beginning_is_hidden_where_a_text_was_cut() {
    let secret = "CANARY-0123456789";
    assert_eq!(cleaned(&[secret], "no CANA…", Kind::Words), "no ***…");
    assert_eq!(cleaned(&[secret], "no \"CANARY-01...\" here", Kind::Words), "no \"***...\" here");
    assert_eq!(cleaned(&[secret], "no CANARY-01\" here", Kind::Words), "no ***\" here");
    assert_eq!(cleaned(&[secret], "no CANARY-0123%3", Kind::Words), "no ***");
    assert_eq!(cleaned(&[secret], "no CANARY-01…", Kind::Data), "no ***…");
    assert_eq!(cleaned(&[secret], "CANARY-0123 is the code", Kind::Data), "CANARY-0123 is the code");
    assert_eq!(cleaned(&[secret], "in CANA", Kind::Words), "in CANA");
}

#[test]
fn a_secret_with_markup_in_it_is_found_where_markup_was_taken_out() {
    let secret = "CANARY<c>52  9d8e2a1b</c>4c6d8e0f";
    for text in ["CANARY 52 9d8e2a1b 4c6d8e0f", "CANARY<c>52  9d8e2a1b</c>4c6d8e0f"] {
        assert_eq!(cleaned(&[secret], &format!("it is {text}."), Kind::Words), "it is ***.");
    }
    assert_eq!(cleaned(&[secret], "it is CANARY 52 9d…", Kind::Words), "it is ***…");
}

#[test]
fn no_part_of_a_secret_is_left_at_a_cut_of_our_own() {
    let redactor = Redactor::new(["CANARY-0123456789", "s3cr"]);
    for before in 0..40 {
        let mut text = format!("{}CANARY-0123456789 and more", "x".repeat(before));
        redactor.shorten(&mut text, 30);
        assert!(text.len() <= 34 && !text.contains('C'), "{text}");
        let mut text = format!("{}s3cr and more and more and more", "x".repeat(before));
        redactor.shorten(&mut text, 30);
        assert!(!text.contains('s'), "{text}");
    }
    let mut text = "short".to_string();
    redactor.shorten(&mut text, 30);
    assert_eq!(text, "short");
}

#[test]
fn tokens_are_found_in_every_form_of_an_answer() {
    for text in [
        r#"{"error":"x","access_token": "tok-1234.abc_d"}"#,
        r#"{"error":"x","data":{"Access_Token":"tok-1234.abc_d","expires_in":1}}"#,
        "error=x&access_token=tok-1234.abc_d&expires_in=1",
        r#"{"error":"{\"refresh_token\":\"tok-1234.abc_d\"}"}"#,
        r#"{"id_token":"tok-1234.abc_d"#,
    ] {
        assert_eq!(tokens_in(text), ["tok-1234.abc_d"], "{text}");
    }
    for text in
        ["The access_token expired yesterday.", "access_token: expired", r#"{"access_token":null}"#, ""]
    {
        assert!(tokens_in(text).is_empty(), "{text}");
    }
}

#[test]
fn a_redactor_of_nothing_changes_nothing() {
    assert!(Redactor::new([]).is_empty() && !Redactor::default().is_in(b"hunter22"));
    assert_eq!(cleaned(&[], "hunter22%41", Kind::Words), "hunter22%41");
}

/// Encodings that servers use; the last ones go twice.
const ENCODINGS: usize = 12;

fn encoded(secret: &str, encoding: usize) -> String {
    let percent = |text: &str, upper: bool| {
        let mut out = String::new();
        for byte in text.bytes() {
            match byte {
                byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
                byte if upper => out.push_str(&format!("%{byte:02X}")),
                byte => out.push_str(&format!("%{byte:02x}")),
            }
        }
        out
    };
    let html = |text: &str| {
        text.chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("&#{};", u32::from(c)) })
            .collect::<String>()
    };
    let json = |text: &str| {
        let mut units = [0; 2];
        text.chars()
            .flat_map(|c| {
                let escaped = !c.is_ascii_alphanumeric();
                let parts: Vec<String> = match escaped {
                    true => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
                    false => vec![c.to_string()],
                };
                parts
            })
            .collect::<String>()
    };
    match encoding {
        0 => secret.to_string(),
        1 => percent(secret, true),
        2 => percent(secret, false),
        3 => json(secret),
        4 => html(secret),
        5 => STANDARD.encode(secret),
        6 => STANDARD.encode(format!("a:{secret}")),
        7 => STANDARD.encode(format!("id:{secret}")),
        8 => URL_SAFE_NO_PAD.encode(format!("abc:{secret}")),
        9 => percent(&percent(secret, true), false),
        10 => json(&percent(secret, false)),
        _ => serde_json::Value::from(json(secret)).to_string(),
    }
}

/// All texts that a text may mean to whoever looks for a secret in it.
fn readings(text: &str) -> Vec<Vec<u8>> {
    let mut all = vec![text.as_bytes().to_vec()];
    for _ in 0..4 {
        all.extend(all.last().map(|last| undone(last)));
    }
    for offset in 0..text.len().min(4) {
        // Base64 in it, from any character on.
        let runs = text.as_bytes().split(|byte| !(byte.is_ascii_alphanumeric() || b"+/-_".contains(byte)));
        for run in runs {
            let run: Vec<u8> = run
                .iter()
                .skip(offset)
                .map(|b| match b {
                    b'-' => b'+',
                    b'_' => b'/',
                    b => *b,
                })
                .collect();
            let whole = run.len() - run.len() % 4;
            all.extend(STANDARD_NO_PAD.decode(run.get(..whole).unwrap_or_default()));
        }
    }
    all
}

fn holds_a_piece(text: &str, secret: &str) -> bool {
    let readings = readings(text);
    secret
        .as_bytes()
        .windows(8)
        .any(|piece| readings.iter().any(|reading| reading.windows(8).any(|part| part == piece)))
}

proptest! {
    #[test]
    fn no_piece_of_a_secret_is_left_whatever_its_encoding_and_wherever_it_is_cut(
        secret in "[A-Za-z0-9+/=&<>%\"\\\\ \u{e4}\u{20ac}_.-]{10,60}",
        encoding in 0..ENCODINGS,
        before in "[a-z ,.]{0,12}",
        after in "[a-z ,.]{0,12}",
        cut in 0..400_usize,
        mark in prop::sample::select(vec!["", "…", "...", " …", "…\" and more"]),
    ) {
        let secret = secret.trim();
        prop_assume!(secret.len() >= 8);
        let whole = format!("{before} {} {after}", encoded(secret, encoding));
        let redactor = Redactor::new([secret]);
        // Echoed whole.
        for kind in [Kind::Words, Kind::Data] {
            let mut text = whole.clone();
            redactor.text(&mut text, kind);
            prop_assert!(!holds_a_piece(&text, secret), "{text}");
        }
        // Cut by others.
        let cut = whole.floor_char_boundary(cut % (whole.len() + 1));
        let mut text = format!("{}{mark}", whole.get(..cut).unwrap_or_default());
        redactor.text(&mut text, Kind::Words);
        prop_assert!(!holds_a_piece(&text, secret), "{text}");
        // Cut by us.
        let mut text = whole.clone();
        redactor.shorten(&mut text, cut);
        prop_assert!(!holds_a_piece(&text, secret), "{text}");
        // In JSON.
        let mut json = serde_json::json!({ "a": [whole] }).to_string();
        redactor.json(&mut json, Kind::Data);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
        prop_assert!(!holds_a_piece(&json, secret), "{json}");
    }

    #[test]
    fn text_without_the_secret_stays_as_it_is(text in "\\PC{0,200}") {
        let redactor = Redactor::new(["N0t-1n-Any-0rdinary-Text"]);
        let mut data = text.clone();
        redactor.text(&mut data, Kind::Data);
        prop_assert_eq!(&data, &text);
        let json = serde_json::json!({ "a": text }).to_string();
        let mut clean = json.clone();
        redactor.json(&mut clean, Kind::Data);
        prop_assert_eq!(clean, json);
    }

    #[test]
    fn nothing_panics(text in "\\PC{0,60}", secret in "\\PC{0,20}", limit in 0..80_usize) {
        let redactor = Redactor::new([secret.as_str()]);
        for kind in [Kind::Words, Kind::Data] {
            redactor.text(&mut text.clone(), kind);
            redactor.json(&mut text.clone(), kind);
        }
        redactor.shorten(&mut text.clone(), limit);
        let _ = tokens_in(&text);
    }
}
