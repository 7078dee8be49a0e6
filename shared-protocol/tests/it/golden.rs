//! The golden files: what every frame is on the wire, for these tests, for the TypeScript tests and for
//! PROTOCOL.md.
//!
//! Version 1 is pinned by them: a file that exists is never written again. `UPDATE_GOLDEN=1 cargo test -p
//! tidewire-protocol` writes the files of new samples, and brings the examples of PROTOCOL.md up to date.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use tidewire_protocol::{Codec, Frame, Heard, MessageLimits};

use crate::samples;

/// The directory of the golden files.
pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// Whether this run writes what is new.
pub(crate) fn is_updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// A golden file's text, by its path without `testdata/`.
pub(crate) fn text(file: &str) -> String {
    fs::read_to_string(directory().join(file)).unwrap_or_else(|error| panic!("testdata/{file}: {error}"))
}

/// The bytes that a golden file has in hexadecimal digits.
pub(crate) fn bytes(file: &str) -> Vec<u8> {
    let text = text(file);
    let digits = text.trim_end();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// One message with one frame.
pub(crate) fn message<F: Frame>(codec: Codec, frame: &F) -> Vec<u8> {
    let mut message = Vec::new();
    codec.encode(frame, &mut message);
    message
}

fn check<F: Frame + Debug + Clone + PartialEq>(side: &str, samples: &[(&str, F)]) {
    let mut expected = BTreeSet::new();
    for (name, frame) in samples {
        let json = String::from_utf8(message(Codec::Json, frame)).unwrap();
        let hex: String = message(Codec::Binary, frame).iter().map(|byte| format!("{byte:02x}")).collect();
        let files = [(format!("{side}/{name}.json"), json), (format!("{side}/{name}.hex"), hex + "\n")];
        for (file, content) in files {
            if is_updating() && !directory().join(&file).exists() {
                fs::write(directory().join(&file), &content).unwrap();
            }
            assert_eq!(
                text(&file),
                content,
                "testdata/{file} and what is written now differ: v1 never changes"
            );
            expected.insert(file);
        }
        let heard = Ok(vec![Heard::Frame(frame.clone())]);
        let (json, hex) = (text(&format!("{side}/{name}.json")), bytes(&format!("{side}/{name}.hex")));
        assert_eq!(Codec::Json.decode::<F>(json.as_bytes(), MessageLimits::NONE), heard, "{name}");
        assert_eq!(Codec::Binary.decode::<F>(&hex, MessageLimits::NONE), heard, "{name}");
    }
    let found = fs::read_dir(directory().join(side)).unwrap();
    let found: BTreeSet<_> =
        found.map(|entry| format!("{side}/{}", entry.unwrap().file_name().to_str().unwrap())).collect();
    assert_eq!(found, expected, "every golden file has a sample");

    let kinds: BTreeSet<_> = samples.iter().map(|(name, _)| *name).collect();
    for kind in F::KINDS {
        assert!(kinds.contains(kind), "{side}/{kind} has no sample");
    }
}

#[test]
fn every_client_frame_is_on_the_wire_what_its_golden_files_say() {
    check("client", &samples::client());
}

#[test]
fn every_server_frame_is_on_the_wire_what_its_golden_files_say() {
    check("server", &samples::server());
}
