//! JSON Schema into TypeScript types. What a type cannot say (lengths, ranges, patterns) only the server checks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::{Map, Value};

/// A reference that leads nowhere within its schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the schema of {namespace} refers to {reference:?}, which is not in it")]
pub struct BadReference {
    /// The namespace whose schema it is.
    pub namespace: String,
    /// The reference, as it stands there.
    pub reference: String,
}

/// Types that were declared, and those that are still to be.
#[derive(Debug, Default)]
pub(super) struct Types {
    taken: BTreeSet<String>,
    declared: String,
}

/// One schema on its way into types.
struct Document<'s> {
    namespace: &'s str,
    root: &'s Value,
    /// The name of each place that something refers to, by JSON Pointer.
    names: BTreeMap<String, String>,
    /// Places that have a name and no declaration yet.
    waiting: Vec<String>,
    taken: &'s mut BTreeSet<String>,
}

impl Types {
    /// Declares what a schema describes and all that it refers to; answers with its name.
    pub(super) fn declare(&mut self, namespace: &str, root: &Value) -> Result<String, BadReference> {
        let mut document =
            Document { namespace, root, names: BTreeMap::new(), waiting: Vec::new(), taken: &mut self.taken };
        let name = document.name_of("#")?;
        while let Some(place) = document.waiting.pop() {
            let schema = document.at(&place)?;
            let (name, text) = (document.names[&place].clone(), document.type_of(schema, 0)?);
            let comment = comment(schema, 0);
            let _ = match text.starts_with('{') && text.ends_with('}') {
                true => write!(self.declared, "\n{comment}export interface {name} {text}\n"),
                false => write!(self.declared, "\n{comment}export type {name} = {text};\n"),
            };
        }
        Ok(name)
    }

    /// All declarations, as text.
    pub(super) fn declarations(&self) -> &str {
        &self.declared
    }
}

impl<'s> Document<'s> {
    fn at(&self, reference: &str) -> Result<&'s Value, BadReference> {
        let found = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        found.ok_or_else(|| BadReference {
            namespace: self.namespace.to_owned(),
            reference: reference.to_owned(),
        })
    }

    /// The name of the type at a reference; whoever asks first has it declared.
    fn name_of(&mut self, reference: &str) -> Result<String, BadReference> {
        if let Some(name) = self.names.get(reference) {
            return Ok(name.clone());
        }
        self.at(reference)?;
        let last = reference.rsplit('/').next().filter(|last| *last != "#").unwrap_or_default();
        let wanted = pascal(self.namespace) + &pascal(last);
        let numbered = (2..).map(|number| format!("{wanted}{number}"));
        let mut names = [wanted.clone()].into_iter().chain(numbered);
        let name = names.find(|name| self.taken.insert(name.clone())).unwrap_or(wanted);
        self.names.insert(reference.to_owned(), name.clone());
        self.waiting.push(reference.to_owned());
        Ok(name)
    }

    /// The type of a schema, written as deep as it stands.
    fn type_of(&mut self, schema: &Value, depth: usize) -> Result<String, BadReference> {
        let Value::Object(schema) = schema else {
            return Ok(if *schema == Value::Bool(false) { "never" } else { "unknown" }.to_owned());
        };
        let mut parts = Vec::new();
        if let Some(Value::String(reference)) = schema.get("$ref") {
            parts.push(self.name_of(reference)?);
        }
        if let Some(constant) = schema.get("const") {
            parts.push(literal(constant));
        } else if let Some(Value::Array(values)) = schema.get("enum") {
            parts.push(union(values.iter().map(literal)));
        } else if let Some(plain) = self.plain(schema, depth)? {
            parts.push(plain);
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(Value::Array(options)) = schema.get(key) {
                parts.push(union(self.all(options, depth)?));
            }
        }
        if let Some(Value::Array(all)) = schema.get("allOf") {
            parts.extend(self.all(all, depth)?);
        }
        parts.retain(|part| part != "unknown");
        Ok(match parts.len() {
            0 => "unknown".to_owned(),
            1 => parts.remove(0),
            _ => parts.iter().map(|part| in_brackets(part)).collect::<Vec<_>>().join(" & "),
        })
    }

    fn all(&mut self, schemas: &[Value], depth: usize) -> Result<Vec<String>, BadReference> {
        schemas.iter().map(|schema| self.type_of(schema, depth)).collect()
    }

    /// What `type` says, or what the keywords of one type let guess.
    fn plain(&mut self, schema: &Map<String, Value>, depth: usize) -> Result<Option<String>, BadReference> {
        let names: Vec<&str> = match schema.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ if schema.contains_key("properties") => vec!["object"],
            _ if schema.contains_key("items") || schema.contains_key("prefixItems") => vec!["array"],
            _ => return Ok(None),
        };
        let types: Result<Vec<_>, _> = names
            .into_iter()
            .map(|name| match name {
                "object" => self.object(schema, depth),
                "array" => self.array(schema, depth),
                "integer" => Ok("number".to_owned()),
                other => Ok(other.to_owned()),
            })
            .collect();
        Ok(Some(union(types?)))
    }

    fn object(&mut self, schema: &Map<String, Value>, depth: usize) -> Result<String, BadReference> {
        let none = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let more = schema.get("additionalProperties");
        if properties.is_empty() {
            let value = match more {
                Some(Value::Bool(false)) => "never".to_owned(),
                Some(more) if !schema.contains_key("patternProperties") => self.type_of(more, depth)?,
                _ => "unknown".to_owned(),
            };
            return Ok(format!("Record<string, {value}>"));
        }
        let required = |name: &str| {
            let list = schema.get("required").and_then(Value::as_array);
            list.is_some_and(|list| list.iter().any(|required| required == name))
        };
        let indent = "  ".repeat(depth + 1);
        let mut text = String::from("{\n");
        for (name, property) in properties {
            let mark = if required(name) { "" } else { "?" };
            let comment = comment(property, depth + 1);
            let value = self.type_of(property, depth + 1)?;
            let _ = writeln!(text, "{comment}{indent}{}{mark}: {value};", key(name));
        }
        if more.is_some_and(|more| *more != Value::Bool(false)) || schema.contains_key("patternProperties") {
            // An index signature must fit every property; which type the others have is the server's to check.
            let _ = writeln!(text, "{indent}[name: string]: unknown;");
        }
        let _ = write!(text, "{}}}", "  ".repeat(depth));
        Ok(text)
    }

    fn array(&mut self, schema: &Map<String, Value>, depth: usize) -> Result<String, BadReference> {
        let (items, prefix) = (schema.get("items"), schema.get("prefixItems"));
        // Before draft 2020-12 a tuple's places stood under `items`, and what follows under `additionalItems`.
        let (places, rest) = match (prefix, items) {
            (Some(Value::Array(places)), rest) => (places, rest),
            (_, Some(Value::Array(places))) => (places, schema.get("additionalItems")),
            (_, items) => {
                let item = items.map_or(Ok("unknown".to_owned()), |item| self.type_of(item, depth))?;
                return Ok(format!("{}[]", in_brackets(&item)));
            }
        };
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or_default();
        let mut parts = Vec::new();
        for (place, item) in (0..).zip(places) {
            let mark = if place < least { "" } else { "?" };
            parts.push(in_brackets(&self.type_of(item, depth)?) + mark);
        }
        if rest != Some(&Value::Bool(false)) {
            let item = rest.map_or(Ok("unknown".to_owned()), |item| self.type_of(item, depth))?;
            parts.push(format!("...{}[]", in_brackets(&item)));
        }
        Ok(format!("[{}]", parts.join(", ")))
    }
}

/// `description` and `deprecated`, as TypeScript's tools show them.
fn comment(schema: &Value, depth: usize) -> String {
    let described =
        schema.get("description").and_then(Value::as_str).unwrap_or_default().replace("*/", "*\\/");
    let deprecated = schema.get("deprecated") == Some(&Value::Bool(true));
    let mut lines: Vec<&str> = described.lines().map(str::trim_end).collect();
    lines.extend(deprecated.then_some("@deprecated"));
    let indent = "  ".repeat(depth);
    match &lines[..] {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        lines => {
            let text: String = lines
                .iter()
                .map(|line| format!("{indent} *{}{line}\n", if line.is_empty() { "" } else { " " }))
                .collect();
            format!("{indent}/**\n{text}{indent} */\n")
        }
    }
}

/// JSON is a type of its own in TypeScript, but for an object's quotes, which it takes too.
fn literal(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), quoted)
}

fn key(name: &str) -> String {
    let plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '$'))
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
    if plain { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    format!("'{}'", json[1..json.len() - 1].replace("\\\"", "\"").replace('\'', "\\'"))
}

fn union(types: impl IntoIterator<Item = String>) -> String {
    let mut all: Vec<String> = Vec::new();
    for one in types {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    if all.iter().any(|one| one == "unknown") {
        return "unknown".to_owned();
    }
    all.retain(|one| one != "never");
    if all.is_empty() { "never".to_owned() } else { all.join(" | ") }
}

/// A type that may stand before `[]` or beside `&`.
fn in_brackets(text: &str) -> String {
    let is_one = text.starts_with('{') && text.ends_with('}') && !text.contains("} ");
    if is_one || !text.contains([' ', '\n']) { text.to_owned() } else { format!("({text})") }
}

/// A name in the form of TypeScript's types.
fn pascal(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// A name in the form of TypeScript's values.
pub(super) fn camel(text: &str) -> String {
    let name = pascal(text);
    let name = name[..1].to_ascii_lowercase() + &name[1..];
    if RESERVED.contains(&name.as_str()) { name + "_" } else { name }
}

/// Words that cannot name a constant in a module.
const RESERVED: [&str; 48] = [
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
    "yield",
];
