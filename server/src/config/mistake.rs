use std::fmt;
use std::ops::Range;

/// One thing in a configuration file that cannot be, where it stands, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Line, from 1.
    pub line: usize,
    /// Column, in characters from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub advice: String,
    /// The line as it stands in the file, and how many characters of it are meant.
    excerpt: (String, usize),
}

impl Mistake {
    pub(super) fn at(text: &str, span: Range<usize>, message: String, advice: String) -> Self {
        let start = floor_boundary(text, span.start.min(text.len()));
        let end = floor_boundary(text, span.end.clamp(start, text.len()));
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let width = text[start..end.min(line_end).max(start)].chars().count().max(1);
        Self {
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            message,
            advice,
            excerpt: (without_secrets(text[line_start..line_end].trim_end()), width),
        }
    }
}

/// All that is wrong with a configuration file; its text is made for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes {
    /// The file's name, as the user gave it.
    pub file: String,
    /// The mistakes, in the order of the file.
    pub list: Vec<Mistake>,
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            let Mistake { line, column, message, advice, excerpt: (excerpt, width) } = mistake;
            let margin = " ".repeat(line.to_string().len());
            let indent = " ".repeat(column - 1);
            let marks = "^".repeat(*width);
            writeln!(f, "{}:{line}:{column}: {message}", self.file)?;
            writeln!(f, "{margin} |")?;
            writeln!(f, "{line} | {excerpt}")?;
            write!(f, "{margin} | {indent}{marks} {advice}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// The line with dots for what `secret`, `key` and a backbone's password are: what is wrong is shown to people.
fn without_secrets(line: &str) -> String {
    let value_of = |name: &str| {
        line.match_indices(name).find_map(|(start, _)| {
            let alone = !line[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let after = &line[start + name.len()..];
            let value = after.trim_start_matches([' ', '\t', '"', '\'']).strip_prefix('=')?;
            alone.then_some(line.len() - value.len())
        })
    };
    let password = value_of("backbone").filter(|_| line.contains('@'));
    let Some(start) = [value_of("secret"), value_of("key"), password].into_iter().flatten().min() else {
        return line.to_owned();
    };
    let dotted = line[start..].chars().map(|c| if c.is_whitespace() || c == '"' { c } else { '·' });
    line[..start].chars().chain(dotted).collect()
}

fn floor_boundary(text: &str, mut index: usize) -> usize {
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}
