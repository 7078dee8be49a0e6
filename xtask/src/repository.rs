use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Where things are: the clone, and the folder that cargo builds into.
#[derive(Debug)]
pub(crate) struct Repository {
    root: PathBuf,
    target: PathBuf,
}

impl Repository {
    /// The clone that cargo runs this in. It may have been compiled in another one: cargo takes the same package in two
    /// clones for one, where they share a target folder. That folder may lie elsewhere; it is the one that this program
    /// runs from, whatever setting chose it.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").context("run it as `cargo xtask`")?;
        let root = Path::new(&package).parent().context("xtask lies in the clone")?;
        let program = std::env::current_exe().context("cannot tell where xtask runs from")?;
        let target = program.ancestors().nth(2).context("xtask does not run from a target folder")?;
        Ok(Self { root: root.to_owned(), target: target.to_owned() })
    }

    /// The root of the clone.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A file or folder of the clone.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A file or folder that may be deleted at any time.
    pub(crate) fn target(&self, relative: &str) -> PathBuf {
        self.target.join(relative)
    }

    /// A program that cargo built, without optimisation.
    pub(crate) fn built(&self, program: &str) -> PathBuf {
        self.target.join("debug").join(format!("{program}{}", std::env::consts::EXE_SUFFIX))
    }
}
