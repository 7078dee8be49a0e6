//! Structs that can grow: what is absent is not sent, what is missing reads as absent.
//!
//! In JSON a field with nothing in it is left out. In the binary codec the last fields that have nothing in
//! them are left out, and what ends early reads as if zeros followed. So a field that is added at the end costs
//! old peers nothing and breaks none; such a field must be one that can be absent. A `frame` has its length
//! from the message, a `part` stands inside a frame and brings its own.

use std::fmt;

use serde::de::{DeserializeOwned, Error, MapAccess};

use crate::codec::binary::Value;

/// How one field is written and read; the defaults are right for a field that is always there.
pub(crate) trait Field: Value + serde::Serialize + DeserializeOwned {
    /// Whether the field holds nothing and may be left out. Its binary form must then be one zero.
    fn is_absent(&self) -> bool {
        false
    }

    /// The value of a field that is not there; `None` where the field must be there.
    fn when_absent() -> Option<Self> {
        None
    }

    /// The JSON key under which this value is written.
    fn key(&self, name: &'static str) -> &'static str {
        name
    }

    /// Whether a JSON key belongs to this field.
    fn answers_to(key: &str, name: &str) -> bool {
        key == name
    }

    /// Reads the value that follows a JSON key which the field answers to.
    fn read_json<'de, A: MapAccess<'de>>(key: &str, map: &mut A) -> Result<Self, A::Error> {
        let _ = key;
        map.next_value()
    }
}

macro_rules! always_there {
    ($($type:ty),+ $(,)?) => { $( impl $crate::growing::Field for $type {} )+ };
}
pub(crate) use always_there;

always_there!(String, u32);

impl<T: Value + serde::Serialize + DeserializeOwned> Field for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
    fn when_absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Value + serde::Serialize + DeserializeOwned> Field for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
    fn when_absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl Field for bool {
    fn is_absent(&self) -> bool {
        !self
    }
    fn when_absent() -> Option<Self> {
        Some(false)
    }
}

impl Field for u64 {
    fn is_absent(&self) -> bool {
        *self == 0
    }
    fn when_absent() -> Option<Self> {
        Some(0)
    }
}

/// A field as `Debug` shows it. A token opens doors, so that no line of a log may have one.
pub(crate) fn shown<'a>(name: &str, field: &'a dyn fmt::Debug) -> &'a dyn fmt::Debug {
    if name == "token" { &Hidden } else { field }
}

struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// What a field has that may not be absent and is.
pub(crate) fn missing<E: Error>(name: &'static str) -> E {
    E::missing_field(name)
}

macro_rules! growing {
    (
        $kind:ident
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident: $type:ty, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                #[allow(unused_mut, reason = "frames without fields")]
                let mut state = f.debug_struct(stringify!($name));
                $( state.field(stringify!($field), $crate::growing::shown(stringify!($field), &self.$field)); )*
                state.finish()
            }
        }

        #[allow(unused_imports, unused_mut, unused_variables, unused_assignments, reason = "frames without fields")]
        const _: () = {
            use $crate::codec::binary::{Reader, Value, Writer};
            use $crate::growing::Field;

            impl Value for $name {
                fn write(&self, writer: &mut Writer<'_>) {
                    growing!(@write $kind writer, |writer| {
                        let mut end = writer.len();
                        $(
                            self.$field.write(writer);
                            if !self.$field.is_absent() {
                                end = writer.len();
                            }
                        )*
                        writer.end_at(end);
                    });
                }

                fn read(reader: &mut Reader<'_>) -> Self {
                    growing!(@read $kind reader, |reader| Self { $( $field: Value::read(reader), )* })
                }
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    use serde::ser::SerializeMap as _;
                    let mut fields = serializer.serialize_map(None)?;
                    $(
                        if !self.$field.is_absent() {
                            fields.serialize_entry(self.$field.key(stringify!($field)), &self.$field)?;
                        }
                    )*
                    fields.end()
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    struct Visitor;

                    impl<'de> serde::de::Visitor<'de> for Visitor {
                        type Value = $name;

                        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                            f.write_str(concat!("the fields of ", stringify!($name)))
                        }

                        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                            $( let mut $field: Option<$type> = None; )*
                            while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                                let key = key.as_ref();
                                $(
                                    if <$type as Field>::answers_to(key, stringify!($field)) {
                                        if $field.is_some() {
                                            return Err(serde::de::Error::duplicate_field(stringify!($field)));
                                        }
                                        $field = Some(<$type as Field>::read_json(key, &mut map)?);
                                        continue;
                                    }
                                )*
                                map.next_value::<serde::de::IgnoredAny>()?;
                            }
                            Ok($name {
                                $( $field: match $field.or_else(<$type as Field>::when_absent) {
                                    Some(value) => value,
                                    None => return Err($crate::growing::missing(stringify!($field))),
                                }, )*
                            })
                        }
                    }

                    // Not as a struct: JSON may write that as an array too, by place instead of by name.
                    deserializer.deserialize_map(Visitor)
                }
            }
        };

        growing!(@field $kind $name);
    };
    (@write frame $writer:ident, |$inner:ident| $fields:block) => { $fields };
    (@write part $writer:ident, |$inner:ident| $fields:block) => { $writer.with_length(|$inner| $fields) };
    (@read frame $reader:ident, |$inner:ident| $fields:expr) => { $fields };
    (@read part $reader:ident, |$inner:ident| $fields:expr) => { $reader.part(|$inner| $fields) };
    (@field frame $name:ident) => {};
    (@field part $name:ident) => { $crate::growing::always_there!($name); };
}
pub(crate) use growing;
