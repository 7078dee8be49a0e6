//! PROTOCOL.md says what the code does: its examples are the golden files, its tables are the code's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tidewire_protocol::{
    Advice, ClientFrame, CloseCode, Codec, Frame, RefusalCode, ResetReason, ServerFrame, UnsubscribeCode,
};

use crate::golden;
use crate::samples::position;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../PROTOCOL.md")
}

fn document() -> String {
    fs::read_to_string(path()).unwrap()
}

/// What stands under a heading, down to the next of the same or a higher level.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let level = heading.chars().take_while(|&mark| mark == '#').count();
    let start = document.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading {heading:?}"));
    let body = &document[start + heading.len() + 2..];
    let end = (1..=level).filter_map(|level| body.find(&format!("\n{} ", "#".repeat(level)))).min();
    &body[..end.unwrap_or(body.len())]
}

/// The first two cells of each row of a section's tables, without the heads and without back quotes.
fn rows(section: &str, head: &str) -> Vec<Vec<String>> {
    let is_row = |line: &&str| line.starts_with('|') && !line.starts_with("|---") && !line.starts_with(head);
    let cell = |cell: &str| cell.trim().trim_matches('`').to_owned();
    section.lines().filter(is_row).map(|line| line.split('|').skip(1).map(cell).collect()).collect()
}

/// The fenced examples, by the golden file that each names.
fn examples(document: &str) -> Vec<(String, &str)> {
    let fences: Vec<_> = document.split("\n```").collect();
    let (inside, rest): (Vec<_>, Vec<_>) = fences[1..].chunks(2).map(|pair| (pair[0], pair.get(1))).unzip();
    assert!(rest.iter().all(Option::is_some), "every fence is closed");
    let named = inside.into_iter().filter(|example| !example.starts_with("text\n"));
    named
        .map(|example| {
            let (head, body) = example.split_once('\n').unwrap_or((example, ""));
            let (kind, name) =
                head.split_once(' ').unwrap_or_else(|| panic!("the example {example:?} has no name"));
            (format!("{name}.{kind}"), body)
        })
        .collect()
}

/// The document with every example as its golden file has it.
fn updated(document: &str) -> String {
    let mut updated = String::new();
    let mut golden: Option<String> = None;
    for line in document.lines() {
        match (line.strip_prefix("```"), &golden) {
            (Some(""), Some(file)) => {
                updated += &golden::text(file);
                golden = None;
            }
            (Some(head), None) => golden = head.split_once(' ').map(|(kind, name)| format!("{name}.{kind}")),
            (_, Some(_)) => continue,
            (_, None) => {}
        }
        updated += line;
        updated.push('\n');
    }
    updated
}

#[test]
fn its_examples_are_golden_files_and_every_kind_has_one() {
    if golden::is_updating() {
        fs::write(path(), updated(&document())).unwrap();
    }
    let document = document();
    let mut shown = BTreeSet::new();
    for (file, body) in examples(&document) {
        assert_eq!(body, golden::text(&file).trim_end(), "{file}; UPDATE_GOLDEN=1 brings it up to date");
        shown.insert(file);
    }
    let client = ClientFrame::KINDS.iter().map(|kind| format!("client/{kind}"));
    let server = ServerFrame::KINDS.iter().map(|kind| format!("server/{kind}"));
    for frame in client.chain(server) {
        assert!(shown.iter().any(|file| file.starts_with(&frame)), "{frame} has no example");
    }
}

/// Asserts that a section's rows are the keys that a JSON object has, in the order in which it has them.
fn lists_the_keys_of(section: &str, json: &str, object: &Value) {
    let fields: Vec<_> = rows(section, "| field").into_iter().map(|mut row| row.remove(0)).collect();
    let keys: BTreeSet<_> = object.as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields.iter().cloned().collect::<BTreeSet<_>>(), keys, "{json}");
    let places: Vec<_> = fields.iter().map(|field| json.find(&format!("\"{field}\":"))).collect();
    assert!(places.is_sorted(), "{fields:?} are not in the order of {json}");
}

fn check_frames<F: Frame>(side: &str, heading: &str) {
    let document = document();
    let all = section(&document, heading);
    for (number, kind) in F::KINDS.iter().enumerate() {
        let grown = format!("{side}/{kind}-grown.json");
        let json = match golden::directory().join(&grown).exists() {
            true => golden::text(&grown),
            false => golden::text(&format!("{side}/{kind}.json")),
        };
        let frame: BTreeMap<String, Value> = serde_json::from_str(&json).unwrap();
        lists_the_keys_of(section(all, &format!("### {number} `{kind}`")), &json, &frame[*kind]);
    }
}

#[test]
fn it_numbers_every_kind_and_lists_its_fields_in_their_order() {
    check_frames::<ClientFrame>("client", "## What a client says");
    check_frames::<ServerFrame>("server", "## What a server says");
}

#[test]
fn it_lists_the_fields_of_parts_in_their_order() {
    let document = document();
    let parts = section(&document, "## Parts");
    for (part, file, pointer) in [
        ("limits", "server/welcome.json", "/welcome/limits"),
        ("publication", "server/subscribed-replay.json", "/subscribed/replay/1"),
        ("member", "server/joined-grown.json", "/joined/member"),
    ] {
        let json = golden::text(file);
        let frame: Value = serde_json::from_str(&json).unwrap();
        let object = frame.pointer(pointer).unwrap();
        let within = &json[json.find(&format!("\"{}\":", pointer.split('/').nth(2).unwrap())).unwrap()..];
        let start = within.find(if part == "publication" { "},{" } else { ":{" }).unwrap();
        lists_the_keys_of(section(parts, &format!("### {part}")), &within[start..], object);
    }
}

fn advice(advice: Advice) -> &'static str {
    match advice {
        Advice::Retry => "retry",
        Advice::Stop => "stop",
    }
}

fn check_codes(heading: &str, expected: Vec<Vec<String>>) {
    let document = document();
    let columns = expected[0].len();
    let rows = rows(section(&document, heading), "| number");
    let found: Vec<_> = rows.iter().map(|row| row[..columns].to_vec()).collect();
    assert_eq!(found, expected, "{heading}");
    assert!(rows.iter().all(|row| !row[columns].is_empty()), "every code has a meaning");
}

#[test]
fn its_tables_of_codes_are_those_of_the_code() {
    let row = |number: u16, word: &str| vec![number.to_string(), word.to_owned()];
    let advised = |number, word, what| [row(number, word), vec![advice(what).to_owned()]].concat();

    let refusals = RefusalCode::ALL.iter().map(|code| advised(code.number(), code.word(), code.advice()));
    check_codes("### Refusals", refusals.collect());
    let closes = CloseCode::ALL.iter().map(|code| advised(code.number(), code.word(), code.advice()));
    check_codes("### Close codes", closes.collect());
    check_codes("### Resets", ResetReason::ALL.iter().map(|code| row(code.number(), code.word())).collect());
    let ends = UnsubscribeCode::ALL.iter().map(|code| row(code.number(), code.word()));
    check_codes("### Ends of subscriptions", ends.collect());
}

#[test]
fn numbers_and_words_of_codes_lead_back_to_them() {
    for code in RefusalCode::ALL {
        assert_eq!(RefusalCode::from_number(code.number()), *code);
        assert_eq!(RefusalCode::from_word(code.word()), *code);
    }
    for code in CloseCode::ALL {
        assert_eq!(CloseCode::from_number(code.number()), *code);
        assert_eq!(CloseCode::from_word(code.word()), *code);
    }
}

#[test]
fn it_names_the_subprotocols() {
    let document = document();
    for codec in Codec::ALL {
        assert!(document.contains(&format!("| `{}` |", codec.subprotocol())));
        assert_eq!(Codec::from_subprotocol(codec.subprotocol()), Some(codec));
    }
}

#[test]
fn its_worked_example_of_a_position_holds() {
    let document = document();
    let (before, after) = (position(2), position(3));
    assert!(document.contains(&format!("after {before} ")) && document.contains(&format!("so {after}\n")));
}
