//! The frames of one direction: each kind has a number in the binary codec and a word in JSON.

use crate::codec::binary::{Reader, Writer};

/// What the binary codec does with the frames of one direction.
pub trait Kinds: Sized {
    /// Writes the kind's number, and the frame.
    fn write(&self, writer: &mut Writer<'_>);

    /// Reads a frame of this kind; `None` for a kind that this version does not know.
    fn read(kind: u64, reader: &mut Reader<'_>) -> Option<Self>;
}

macro_rules! kinds {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident($frame:ty) = $number:literal, $word:literal; )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $( $(#[$variant_meta])* #[serde(rename = $word)] $variant($frame), )+
        }

        impl $crate::kinds::Kinds for $name {
            fn write(&self, writer: &mut $crate::codec::binary::Writer<'_>) {
                match self {
                    $( Self::$variant(frame) => {
                        writer.number($number);
                        $crate::codec::binary::Value::write(frame, writer);
                    } )+
                }
            }

            fn read(kind: u64, reader: &mut $crate::codec::binary::Reader<'_>) -> Option<Self> {
                Some(match kind {
                    $( $number => Self::$variant($crate::codec::binary::Value::read(reader)), )+
                    _ => return None,
                })
            }
        }

        impl $crate::Frame for $name {
            const KINDS: &'static [&'static str] = &[$( $word ),+];
        }
    };
}
pub(crate) use kinds;
