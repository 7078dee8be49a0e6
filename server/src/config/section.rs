use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::quantity::{parse_duration, parse_size};
use super::reader::{Found, Reader};

/// One table of the file. Each question makes its key known; what nobody asked for is a mistake.
pub(super) struct Section<'r, 'a> {
    reader: &'r Reader<'a>,
    path: String,
    span: Range<usize>,
    table: &'r DeTable<'a>,
    known: Vec<&'static str>,
}

impl<'r, 'a> Section<'r, 'a> {
    /// The whole file.
    pub(super) fn root(reader: &'r Reader<'a>, table: &'r DeTable<'a>) -> Self {
        Self { reader, path: String::new(), span: 0..0, table, known: Vec::new() }
    }

    /// Where the table's header stands.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(super) fn reader(&self) -> &'r Reader<'a> {
        self.reader
    }

    /// Where a key's value stands.
    pub(super) fn span_of(&self, key: &str) -> Range<usize> {
        let value = self.table.iter().find(|(name, _)| name.get_ref() == key);
        value.map_or(self.span(), |(_, value)| value.span())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.iter().any(|(name, _)| name.get_ref() == key)
    }

    /// Whether the key's value is a list.
    pub(super) fn has_list(&self, key: &str) -> bool {
        let value = self.table.iter().find(|(name, _)| name.get_ref() == key);
        value.is_some_and(|(_, value)| value.get_ref().as_array().is_some())
    }

    /// Makes keys known whose values do not matter here.
    pub(super) fn ignore(&mut self, keys: &[&'static str]) {
        self.known.extend(keys);
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<Found<&'r str>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Found { value: text, span: value.span() }),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => self.wrong_type(key, value, "a text in quotes"),
        }
    }

    /// A text that `parse` understands; `example` shows how one looks.
    pub(super) fn parsed<T, E: fmt::Display>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
        example: &str,
    ) -> Option<T> {
        let found = self.text(key)?;
        match parse(found.value) {
            Ok(value) => Some(value),
            Err(error) => {
                let message = format!("`{}`: {error}", self.named(key));
                self.reader.wrong(found.span, message, format!("for example {example}"));
                None
            }
        }
    }

    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let value = self.value(key)?;
        let given = value.get_ref().as_str();
        let chosen = choices.iter().find(|(word, _)| given == Some(word));
        if chosen.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            let given = given.map_or(kind(value.get_ref()).to_owned(), |given| format!("{given:?}"));
            let message = format!("`{}` cannot be {given}", self.named(key));
            self.reader.wrong(value.span(), message, format!("use {}", words.join(" or ")));
        }
        chosen.map(|(_, value)| *value)
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => self.wrong_type(key, value, "true or false"),
        }
    }

    pub(super) fn number(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.value(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(digits) => u64::from_str_radix(digits.as_str(), digits.radix()).ok(),
            DeValue::String(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => return self.wrong_type(key, value, "a whole number"),
        };
        self.in_range(key, value.span(), number, range)
    }

    /// Bytes: a number, or a text with a unit.
    pub(super) fn size(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.value(key)?;
        let size = match value.get_ref() {
            DeValue::Integer(digits) => u64::from_str_radix(digits.as_str(), digits.radix()).ok(),
            DeValue::String(text) => match parse_size(text) {
                Ok(size) => Some(size),
                Err(error) => {
                    let message = format!("`{}`: {error}", self.named(key));
                    self.reader.wrong(value.span(), message, "for example \"64KiB\", \"8MiB\" or 65536");
                    return None;
                }
            },
            DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => return self.wrong_type(key, value, "a size, as \"64KiB\" or 65536"),
        };
        self.in_range(key, value.span(), size, range)
    }

    pub(super) fn duration(
        &mut self,
        key: &'static str,
        range: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        let value = self.value(key)?;
        let DeValue::String(text) = value.get_ref() else {
            return self.wrong_type(key, value, "a duration in quotes, as \"30s\" or \"5m\"");
        };
        match parse_duration(text) {
            Ok(duration) if range.contains(&duration) => Some(duration),
            Ok(_) => {
                let message = format!("`{}` cannot be {text:?}", self.named(key));
                let advice = format!("it goes from {:?} to {:?}", range.start(), range.end());
                self.reader.wrong(value.span(), message, advice);
                None
            }
            Err(error) => {
                let message = format!("`{}`: {error}", self.named(key));
                self.reader.wrong(
                    value.span(),
                    message,
                    "for example \"500ms\", \"30s\", \"5m\" or \"1h30m\"",
                );
                None
            }
        }
    }

    /// A list of texts, each of which `parse` understands; empty where the key is absent.
    pub(super) fn list<T, E: fmt::Display>(
        &mut self,
        key: &'static str,
        mut parse: impl FnMut(&str) -> Result<T, E>,
        example: &str,
    ) -> Vec<T> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type::<()>(key, value, &format!("a list, as [{example}]"));
            return Vec::new();
        };
        let mut list = Vec::new();
        for item in array.iter() {
            let parsed = match item.get_ref().as_str() {
                Some(text) => parse(text).map_err(|error| error.to_string()),
                None => Err(format!("a text in quotes is expected, not {}", item.get_ref().type_str())),
            };
            match parsed {
                Ok(parsed) => list.push(parsed),
                Err(error) => {
                    let message = format!("`{}`: {error}", self.named(key));
                    self.reader.wrong(item.span(), message, format!("for example [{example}]"));
                }
            }
        }
        list
    }

    /// A table below this one, read with `read`.
    pub(super) fn section<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let value = self.value(key)?;
        match value.get_ref().as_table() {
            Some(table) => Some(self.below(key, value.span(), table, read)),
            None => self.wrong_type(key, value, &format!("a table, [{}]", self.named(key))),
        }
    }

    /// Either the word `word`, or a table read with `read`.
    pub(super) fn word_or_section<T>(
        &mut self,
        key: &'static str,
        (word, meaning): (&str, T),
        example: &str,
        read: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let value = self.value(key)?;
        if value.get_ref().as_str() == Some(word) {
            return Some(meaning);
        }
        match value.get_ref().as_table() {
            Some(table) => Some(self.below(key, value.span(), table, read)),
            None => {
                let message = format!("`{}` is neither \"{word}\" nor a table", self.named(key));
                self.reader.wrong(value.span(), message, format!("use \"{word}\" or {example}"));
                None
            }
        }
    }

    /// An array of tables, `[[key]]`, each read with `read`.
    pub(super) fn sections<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Vec<T> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let tables = value.get_ref().as_array().and_then(|array| {
            array
                .iter()
                .map(|item| Some((item.span(), item.get_ref().as_table()?)))
                .collect::<Option<Vec<_>>>()
        });
        let Some(tables) = tables else {
            self.wrong_type::<()>(key, value, &format!("one or more tables, each begun by [[{key}]]"));
            return Vec::new();
        };
        tables.into_iter().filter_map(|(span, table)| self.below(key, span, table, &mut read)).collect()
    }

    /// A table whose keys are names of the user's choice, each of them a table read with `read`.
    pub(super) fn named_sections<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(Found<&'r str>, &mut Self) -> Option<T>,
    ) -> Vec<T> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type::<()>(key, value, &format!("tables, each begun by [{key}.NAME]"));
            return Vec::new();
        };
        let mut list = Vec::new();
        for (name, value) in table.iter() {
            let path = format!("{key}.{}", name.get_ref());
            match value.get_ref().as_table() {
                Some(below) => {
                    let found = Found { value: name.get_ref().as_ref(), span: name.span() };
                    list.extend(self.below(&path, name.span(), below, |section| read(found, section)));
                }
                None => self.reader.wrong(
                    value.span(),
                    format!("`{path}` must be a table, not {}", value.get_ref().type_str()),
                    format!("begin it with [{path}]"),
                ),
            }
        }
        list
    }

    fn below<T>(
        &self,
        path: &str,
        span: Range<usize>,
        table: &'r DeTable<'a>,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let path = if self.path.is_empty() { path.to_owned() } else { format!("{}.{path}", self.path) };
        let mut section = Section { reader: self.reader, path, span, table, known: Vec::new() };
        let answer = read(&mut section);
        section.complain_of_unknown_keys();
        answer
    }

    fn value(&mut self, key: &'static str) -> Option<&'r Spanned<DeValue<'a>>> {
        self.known.push(key);
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    fn named(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn in_range(
        &self,
        key: &str,
        span: Range<usize>,
        number: Option<u64>,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let message = format!("`{}` is out of range", self.named(key));
            let advice = match *range.end() {
                u64::MAX => format!("it is at least {}", range.start()),
                end => format!("it goes from {} to {end}", range.start()),
            };
            self.reader.wrong(span, message, advice);
        }
        number
    }

    fn wrong_type<T>(&self, key: &str, value: &Spanned<DeValue<'a>>, expected: &str) -> Option<T> {
        let message = format!("`{}` cannot be {}", self.named(key), kind(value.get_ref()));
        self.reader.wrong(value.span(), message, format!("it is {expected}"));
        None
    }

    /// To be called when all that may be there has been asked for.
    pub(super) fn complain_of_unknown_keys(&self) {
        for (name, _) in self.table.iter() {
            let key = name.get_ref().as_ref();
            if self.known.contains(&key) {
                continue;
            }
            let place = if self.path.is_empty() { "here".to_owned() } else { format!("in [{}]", self.path) };
            self.reader.wrong(name.span(), format!("unknown key `{key}` {place}"), nearest(key, &self.known));
        }
    }
}

fn nearest(key: &str, known: &[&str]) -> String {
    let similar = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(key, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(key.len()) / 2)
        .min();
    match similar {
        Some((_, candidate)) => format!("did you mean `{candidate}`?"),
        None => {
            format!("known are {}", known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", "))
        }
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
