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

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.serialize_str(self.word())
                } else {
                    serializer.serialize_u16(self.number())
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                    Ok(Self::from_word(&word))
                } else {
                    u16::deserialize(deserializer).map(Self::from_number)
                }
            }
        }
    };
}

pub(crate) use numbered;
