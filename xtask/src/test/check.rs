use super::tools::Tools;
use crate::repository::Repository;
use crate::system::Package;

/// One thing that is checked, with the runner that checks it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Check {
    /// What `--only` calls it.
    pub(super) name: &'static str,
    /// What it shows, for the heading.
    pub(super) title: &'static str,
    /// What must be there before it runs.
    pub(super) needs: Needs,
    /// Whether it runs though nobody named it.
    pub(super) when: When,
    /// Runs it; it writes to the terminal as it goes.
    pub(super) run: fn(&Repository, &Tools<'_>) -> anyhow::Result<()>,
}

/// What a check needs beside Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing.
    Nothing,
    /// A Redis.
    Redis,
    /// Node and the npm packages.
    Npm,
    /// A browser with its driver; also Node, the npm packages and a Redis.
    Browser,
    /// The same with Firefox.
    Firefox,
}

impl Needs {
    /// Whether that is a browser, and what goes with one.
    pub(super) fn is_browser(self) -> bool {
        matches!(self, Self::Browser | Self::Firefox)
    }

    /// Whether Node and the npm packages are among it.
    pub(super) fn is_node(self) -> bool {
        self == Self::Npm || self.is_browser()
    }

    /// What of the system's packages it is.
    pub(super) fn packages(self) -> &'static [Package] {
        match self {
            Self::Nothing | Self::Npm => &[],
            Self::Redis => &[Package::Redis],
            Self::Browser => &[Package::Redis, Package::Browser, Package::Driver],
            Self::Firefox => &[Package::Redis, Package::Firefox],
        }
    }
}

/// When a check runs that nobody named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// At every run.
    Always,
    /// With `--all`: it takes long, and installs from the registry what nothing else uses.
    WithAll,
}
