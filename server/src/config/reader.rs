use std::cell::RefCell;
use std::ops::Range;

use toml::de::DeTable;

use super::section::Section;
use super::{Mistake, Mistakes};

/// A file while it is read: it collects every mistake instead of stopping at the first.
pub(super) struct Reader<'a> {
    text: &'a str,
    mistakes: RefCell<Vec<Mistake>>,
}

/// A value and where it stands in the file.
#[derive(Clone)]
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, mistakes: RefCell::default() }
    }

    /// Reads the whole file with `read`; its answer counts only where nothing was wrong.
    pub(super) fn read<T>(
        self,
        file: &str,
        read: impl FnOnce(&mut Section<'_, 'a>) -> Option<T>,
    ) -> Result<T, Mistakes> {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let span = error.span().unwrap_or(0..0);
            let message = error.message().trim_end_matches(", expected nothing");
            self.wrong(span, message, toml_advice(message));
        }
        let mut answer = None;
        if errors.is_empty() {
            let mut root = Section::root(&self, document.get_ref());
            answer = read(&mut root);
            root.complain_of_unknown_keys();
        }
        let mut list = self.mistakes.into_inner();
        list.sort_by_key(|mistake| (mistake.line, mistake.column));
        match answer {
            Some(answer) if list.is_empty() => Ok(answer),
            _ => Err(Mistakes { file: file.to_owned(), list }),
        }
    }

    pub(super) fn wrong(&self, span: Range<usize>, message: impl Into<String>, advice: impl Into<String>) {
        let mistake = Mistake::at(self.text, span, message.into(), advice.into());
        self.mistakes.borrow_mut().push(mistake);
    }
}

/// What to do about the commoner ways of not being TOML.
fn toml_advice(message: &str) -> &'static str {
    if message.starts_with("duplicate key") {
        "it stands further up already: keep one"
    } else if message.starts_with("unclosed") {
        "close it"
    } else if message.starts_with("key with no value") {
        "write key = value"
    } else if message.starts_with("invalid unquoted key") {
        "names have letters, digits, - and _; between a key and its value stands ="
    } else if message.starts_with("string values must be quoted") || message.starts_with("invalid ") {
        "put texts in quotes, as in listen = \"127.0.0.1:7800\""
    } else {
        "this is not TOML; see https://toml.io"
    }
}
