use std::fmt;
use std::sync::Arc;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;
use tidewire_protocol::Payload;

/// Characters of a mismatch that its publisher is told at most.
const LONGEST: usize = 400;

/// A JSON Schema that every payload of a namespace must match.
///
/// Draft 2020-12 unless `$schema` names another; `format` is checked, references must stay inside of the schema,
/// and patterns are matched in linear time, so without look-around and back-references.
#[derive(Clone)]
pub struct PayloadSchema(Arc<Compiled>);

struct Compiled {
    schema: Value,
    validator: Validator,
}

/// Why a text is no schema.
#[derive(Debug, thiserror::Error)]
pub enum BadSchema {
    /// It is not even JSON.
    #[error("the schema is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// It is JSON that no payload can be checked with.
    #[error("this is no JSON Schema, at {at}: {reason}")]
    NotSchema {
        /// Where, as a JSON Pointer (RFC 6901) into the schema.
        at: String,
        /// Why, for people.
        reason: String,
    },
}

impl PayloadSchema {
    /// Reads a schema.
    ///
    /// # Errors
    /// Where the text is no JSON, or no schema.
    pub fn parse(text: &str) -> Result<Self, BadSchema> {
        Self::new(serde_json::from_str(text)?)
    }

    /// Makes a schema of its JSON, as `schemars` writes it.
    ///
    /// # Errors
    /// Where it is no schema.
    pub fn new(schema: Value) -> Result<Self, BadSchema> {
        let options = jsonschema::options().offline().should_validate_formats(true);
        let validator =
            options.with_pattern_options(PatternOptions::regex()).build(&schema).map_err(|error| {
                BadSchema::NotSchema { at: place(error.instance_path()), reason: error.to_string() }
            })?;
        Ok(Self(Arc::new(Compiled { schema, validator })))
    }

    /// The schema itself.
    pub fn json(&self) -> &Value {
        &self.0.schema
    }

    /// Whether a payload matches.
    ///
    /// # Errors
    /// Where it does not: the place in the payload and the rule, for people; no value of the payload.
    pub fn check(&self, payload: &Payload) -> Result<(), String> {
        let Payload::Json(text) = payload else {
            return Err("the payload is binary, and this namespace's schema asks for JSON".to_owned());
        };
        let value =
            serde_json::from_slice(text).map_err(|_| "the payload is not one JSON value".to_owned())?;
        self.0.validator.validate(&value).map_err(|error| {
            let mut told = format!(
                "the payload does not match the namespace's schema at {}: {} (rule {})",
                place(error.instance_path()),
                error.masked(),
                error.schema_path()
            );
            told.truncate(told.floor_char_boundary(LONGEST));
            told
        })
    }
}

/// A JSON Pointer; the root's is empty, which says nothing to people.
fn place(pointer: &impl fmt::Display) -> String {
    match pointer.to_string() {
        root if root.is_empty() => "its root".to_owned(),
        pointer => pointer,
    }
}

impl fmt::Debug for PayloadSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PayloadSchema").field(self.json()).finish()
    }
}
