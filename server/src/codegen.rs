//! TypeScript channel definitions, written from the namespaces' schemas: one contract for both ends.

mod pattern;
mod types;

use std::fmt::Write;

pub use pattern::{BadPattern, Pattern};
pub use types::BadReference;

use crate::Namespaces;
use types::Types;

/// The module that defines a channel for each namespace that has a schema, in the order of their names; `None`
/// where none has one. It imports types alone from `@tidewire/client`.
///
/// # Errors
/// Where a schema refers to something that is not in it.
pub fn typescript(namespaces: &Namespaces) -> Result<Option<String>, BadReference> {
    let mut types = Types::default();
    let mut definitions = String::new();
    for (name, settings) in &namespaces.named {
        let Some(schema) = &settings.schema else { continue };
        let pattern = settings.pattern.clone().unwrap_or_else(|| format!("{name}:{{id}}"));
        let message = types.declare(name, schema.json())?;
        let constant = types::camel(name);
        let type_of = format!("ChannelDefinition<'{pattern}', {message}>");
        let _ = write!(
            definitions,
            "\n/** The channels `{pattern}`. */\n\
             export const {constant}: {type_of} = {{ pattern: '{pattern}', message: undefined }};\n",
        );
    }
    Ok((!definitions.is_empty()).then(|| format!("{HEAD}{}{definitions}", types.declarations())))
}

const HEAD: &str = "\
// Written by `tidewire codegen`. Change the schemas, and run it again.
import type { ChannelDefinition } from '@tidewire/client';
";
