//! Structs that can grow: what is absent is not sent, what is missing reads as absent.
//!
//! In JSON a field with nothing in it is left out. In the binary codec the last fields that have nothing in
//! them are left out, and what ends early reads as if zeros followed. So a field that is added at the end costs
//! old peers nothing and breaks none; such a field must be one that can be absent. A `frame` has its length
//! from the message, a `part` stands inside a frame and brings its own.

use std::fmt;

use serde::de::{Error, MapAccess};
use serde::{Deserializer, Serializer};

/// A struct of named fields, which the binary codec writes one after the other.
pub(crate) trait Fields: Sized {
    /// Writes the fields that are there.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads the fields that are there, and skips what it does not know.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// How one field is written and read; the defaults are right for a field that is always there.
pub(crate) trait Field<'de>: serde::Serialize + serde::Deserialize<'de> {
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

    /// Reads the value that follows a key which the field answers to.
    fn read<A: MapAccess<'de>>(key: &str, map: &mut A) -> Result<Self, A::Error> {
        let _ = key;
        map.next_value()
    }
}

macro_rules! always_there {
    ($($type:ty),+ $(,)?) => { $( impl<'de> $crate::growing::Field<'de> for $type {} )+ };
}
pub(crate) use always_there;

always_there!(String, u32);

impl<'de, T: serde::Serialize + serde::Deserialize<'de>> Field<'de> for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
    fn when_absent() -> Option<Self> {
        Some(None)
    }
}

impl<'de, T: serde::Serialize + serde::Deserialize<'de>> Field<'de> for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
    fn when_absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl<'de> Field<'de> for bool {
    fn is_absent(&self) -> bool {
        !self
    }
    fn when_absent() -> Option<Self> {
        Some(false)
    }
}

impl<'de> Field<'de> for u64 {
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

        impl $crate::growing::Fields for $name {
            #[allow(unused_imports, unused_mut, unused_variables, unused_assignments, reason = "frames without fields")]
            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use $crate::growing::Field as _;
                use serde::ser::SerializeStruct;
                let text = serializer.is_human_readable();
                let (mut there, mut last, mut at) = (0, 0, 0);
                $(
                    at += 1;
                    if !self.$field.is_absent() {
                        there += 1;
                        last = at;
                    }
                )*
                let length = if text { there } else { last };
                let mut state = serializer.serialize_struct(stringify!($name), length)?;
                let mut at = 0;
                $(
                    at += 1;
                    if text && self.$field.is_absent() || !text && at > last {
                        state.skip_field(stringify!($field))?;
                    } else {
                        // Only JSON has keys, and finding a payload's out costs a look at all of it.
                        let key = if text { self.$field.key(stringify!($field)) } else { stringify!($field) };
                        state.serialize_field(key, &self.$field)?;
                    }
                )*
                state.end()
            }

            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("the fields of ", stringify!($name)))
                    }

                    #[allow(unused_mut, unused_variables, reason = "frames without fields")]
                    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<$name, A::Error> {
                        Ok($name {
                            $( $field: match seq.next_element()? {
                                Some(value) => value,
                                None => return Err($crate::growing::missing(stringify!($field))),
                            }, )*
                        })
                    }

                    #[allow(unused_mut, unused_variables, reason = "frames without fields")]
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        $( let mut $field: Option<$type> = None; )*
                        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                            let key = key.as_ref();
                            $(
                                if <$type as $crate::growing::Field>::answers_to(key, stringify!($field)) {
                                    if $field.is_some() {
                                        return Err(serde::de::Error::duplicate_field(stringify!($field)));
                                    }
                                    $field = Some(<$type as $crate::growing::Field>::read(key, &mut map)?);
                                    continue;
                                }
                            )*
                            map.next_value::<serde::de::IgnoredAny>()?;
                        }
                        Ok($name {
                            $( $field: match $field.or_else(<$type as $crate::growing::Field>::when_absent) {
                                Some(value) => value,
                                None => return Err($crate::growing::missing(stringify!($field))),
                            }, )*
                        })
                    }
                }

                if deserializer.is_human_readable() {
                    // Not as a struct: JSON may write that as an array too, by place instead of by name.
                    return deserializer.deserialize_map(Visitor);
                }
                const FIELDS: &[&str] = &[$( stringify!($field) ),*];
                deserializer.deserialize_struct(stringify!($name), FIELDS, Visitor)
            }
        }

        growing!(@serde $kind $name);
    };
    (@serde frame $name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::growing::Fields::write(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::growing::Fields::read(deserializer)
            }
        }
    };
    (@serde part $name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    $crate::growing::Fields::write(self, serializer)
                } else {
                    $crate::codec::binary::write_part(self, serializer)
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    $crate::growing::Fields::read(deserializer)
                } else {
                    $crate::codec::binary::read_part(deserializer)
                }
            }
        }

        $crate::growing::always_there!($name);
    };
}
pub(crate) use growing;
