use std::path::Path;

use super::reader::Found;
use super::section::Section;
use crate::auth::Secret;

/// Where secrets may come from beside the file itself.
pub(super) struct Sources<'s> {
    /// Relative file names are relative to this: the configuration file's own directory.
    pub(super) directory: &'s Path,
    /// The environment's variables.
    pub(super) environment: &'s dyn Fn(&str) -> Option<String>,
}

/// The three keys under which one secret may be given.
pub(super) struct SecretKeys {
    /// The secret itself.
    pub(super) inline: &'static str,
    /// The name of an environment variable.
    pub(super) variable: &'static str,
    /// The name of a file.
    pub(super) file: &'static str,
}

impl Sources<'_> {
    /// Reads a text that is given in one of three ways; complains where two are used, or none can be read.
    pub(super) fn secret(&self, section: &mut Section<'_, '_>, keys: &SecretKeys) -> Option<Found<Secret>> {
        let inline = section.text(keys.inline);
        let variable = section.text(keys.variable);
        let file = section.text(keys.file);
        let reader = section.reader();
        match (inline, variable, file) {
            (Some(inline), None, None) => Some(Found { value: Secret::new(inline.value), span: inline.span }),
            (None, Some(variable), None) => match (self.environment)(variable.value) {
                Some(secret) => Some(Found { value: Secret::new(secret.trim_end()), span: variable.span }),
                None => {
                    let message = format!("the environment has no variable {}", variable.value);
                    reader.wrong(variable.span, message, "set it before the server starts");
                    None
                }
            },
            (None, None, Some(file)) => self.read(section, &file),
            (None, None, None) => {
                let SecretKeys { inline, variable, file } = keys;
                let advice = format!("write one of `{inline}`, `{variable}`, `{file}`");
                reader.wrong(section.span(), format!("`{inline}` is missing"), advice);
                None
            }
            (Some(_), Some(second), _) | (_, Some(_), Some(second)) | (Some(_), None, Some(second)) => {
                let SecretKeys { inline, variable, file } = keys;
                let advice = format!("keep one of `{inline}`, `{variable}`, `{file}`");
                reader.wrong(second.span, format!("`{inline}` is given twice"), advice);
                None
            }
        }
    }
    /// The text of the file that this key names; complains where it cannot be read.
    pub(super) fn file(&self, section: &mut Section<'_, '_>, key: &'static str) -> Option<Found<Secret>> {
        let file = section.text(key)?;
        self.read(section, &file)
    }

    fn read(&self, section: &Section<'_, '_>, file: &Found<&str>) -> Option<Found<Secret>> {
        let path = self.directory.join(file.value);
        match std::fs::read_to_string(&path) {
            Ok(secret) => Some(Found { value: Secret::new(secret.trim_end()), span: file.span.clone() }),
            Err(error) => {
                let message = format!("{} cannot be read: {error}", path.display());
                let advice = "relative names start at this configuration's directory";
                section.reader().wrong(file.span.clone(), message, advice);
                None
            }
        }
    }
}
