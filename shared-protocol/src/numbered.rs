//! Numbered tables: a code that is a word in JSON and a number in the binary codec, and that keeps the numbers
//! it does not know.

macro_rules! numbered {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $number:literal, $word:literal; )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )+
            /// A number that this version does not know; a newer peer sent it.
            Unknown(u16),
        }

        impl $name {
            /// Every code of this version, in the order of its number.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),+];

            /// The code's number, as the binary codec writes it.
            pub const fn number(self) -> u16 {
                match self {
                    $( Self::$variant => $number, )+
                    Self::Unknown(number) => number,
                }
            }

            /// The code that has this number.
            pub const fn from_number(number: u16) -> Self {
                match number {
                    $( $number => Self::$variant, )+
                    _ => Self::Unknown(number),
                }
            }

            /// The code's word, as the JSON codec writes it; `unknown` for a number without one.
            pub const fn word(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                    Self::Unknown(_) => "unknown",
                }
            }

            /// The code that this word names; a word of a newer version becomes `Unknown(u16::MAX)`.
            pub fn from_word(word: &str) -> Self {
                match word {
                    $( $word => Self::$variant, )+
                    _ => Self::Unknown(u16::MAX),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl $crate::codec::binary::Value for $name {
            fn write(&self, writer: &mut $crate::codec::binary::Writer<'_>) {
                writer.number(self.number().into());
            }

            fn read(reader: &mut $crate::codec::binary::Reader<'_>) -> Self {
                Self::from_number(reader.small_number())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Ok(Self::from_word(&word))
            }
        }
    };
}

pub(crate) use numbered;
