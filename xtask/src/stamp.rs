use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Folders that are made, not written: what they hold follows from the rest.
const MADE: [&str; 5] = ["node_modules", "dist", "target", ".angular", "test-results"];

/// Remembers from which inputs something was made, so that it is made again only when one of them changes.
///
/// By content and not by time: a fresh clone, a switched branch or a restored cache changes the times of files
/// that are the same.
#[derive(Debug)]
pub(crate) struct Stamp {
    file: PathBuf,
    fingerprint: String,
}

impl Stamp {
    /// The stamp in `file` for what is made from these files and folders. A name given twice counts once more;
    /// one that does not exist counts as missing.
    pub(crate) fn new(file: PathBuf, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        let mut hasher = DefaultHasher::new();
        for input in inputs {
            add(&mut hasher, input).with_context(|| format!("cannot read {}", input.display()))?;
        }
        Ok(Self { file, fingerprint: format!("{:016x}", hasher.finish()) })
    }

    /// Makes it, unless the stamp says that it was made from the same inputs and `result` is there.
    pub(crate) fn unless_fresh(
        self,
        result: &Path,
        make: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let stamped = fs::read_to_string(&self.file).unwrap_or_default();
        if stamped == self.fingerprint && result.exists() {
            return Ok(());
        }
        make()?;
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, self.fingerprint)
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}

fn add(hasher: &mut DefaultHasher, path: &Path) -> std::io::Result<()> {
    // The name alone: the clone may lie elsewhere the next time.
    path.file_name().hash(hasher);
    if path.is_dir() {
        let mut inside = fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
        inside.sort_by_key(fs::DirEntry::file_name);
        for entry in inside {
            if !MADE.iter().any(|made| entry.file_name() == *made) {
                add(hasher, &entry.path())?;
            }
        }
    } else if path.is_file() {
        fs::read(path)?.hash(hasher);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_again_when_an_input_changes() {
        let folder = std::env::temp_dir().join(format!("tidewire-stamp-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (input, result) = (folder.join("input"), folder.join("result"));
        let mut made = 0;
        let mut make = || {
            let stamp = Stamp::new(folder.join("stamp"), std::slice::from_ref(&input)).unwrap();
            stamp
                .unless_fresh(&result, || {
                    made += 1;
                    Ok(fs::write(&result, "made")?)
                })
                .unwrap();
        };
        fs::write(&input, "one").unwrap();
        make();
        make();
        fs::write(&input, "two").unwrap();
        make();
        fs::remove_file(&result).unwrap();
        make();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(made, 3);
    }
}
