/// A payload's bytes, cheap to clone.
#[cfg(not(target_arch = "wasm32"))]
pub type PayloadBytes = bytes::Bytes;
#[cfg(target_arch = "wasm32")]
pub use self::small::PayloadBytes;

/// For browsers: what `Bytes` can do besides would be 0.6 KB of what every page downloads, and no page does it.
#[cfg(any(target_arch = "wasm32", test))]
#[cfg_attr(not(target_arch = "wasm32"), allow(unreachable_pub, reason = "for tests alone"))]
mod small {
    use std::ops::Deref;
    use std::sync::Arc;

    /// A payload's bytes, cheap to clone.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PayloadBytes(Arc<[u8]>);

    impl PayloadBytes {
        /// No bytes.
        pub fn new() -> Self {
            Self::copy_from_slice(&[])
        }

        /// These bytes.
        pub fn copy_from_slice(bytes: &[u8]) -> Self {
            Self(bytes.into())
        }
    }

    impl Default for PayloadBytes {
        fn default() -> Self {
            Self::new()
        }
    }

    impl Deref for PayloadBytes {
        type Target = [u8];

        fn deref(&self) -> &[u8] {
            &self.0
        }
    }

    impl AsRef<[u8]> for PayloadBytes {
        fn as_ref(&self) -> &[u8] {
            self
        }
    }

    impl From<Vec<u8>> for PayloadBytes {
        fn from(bytes: Vec<u8>) -> Self {
            Self(bytes.into())
        }
    }

    impl From<&str> for PayloadBytes {
        fn from(text: &str) -> Self {
            Self::copy_from_slice(text.as_bytes())
        }
    }

    impl From<String> for PayloadBytes {
        fn from(text: String) -> Self {
            text.into_bytes().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::small::PayloadBytes;

    #[test]
    fn they_are_what_they_were_made_of_and_so_are_their_clones() {
        let bytes = PayloadBytes::from(String::from("one"));
        assert_eq!(bytes, PayloadBytes::from("one"));
        assert_eq!(bytes, PayloadBytes::from(b"one".to_vec()));
        assert_eq!(bytes.clone().as_ref(), b"one");
        assert_ne!(bytes, PayloadBytes::new());
        assert!(PayloadBytes::default().is_empty());
    }
}
