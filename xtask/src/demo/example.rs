use std::path::PathBuf;
use std::process::{Child, Stdio};

use anyhow::{Context as _, bail};

use crate::node::Node;
use crate::program::run_quietly;
use crate::repository::Repository;
use crate::say::timed;
use crate::stamp::Stamp;

/// An Angular application among the examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Example {
    Chat,
    Dashboard,
}

impl Example {
    /// The one that `--example` names.
    pub(super) fn named(name: &str) -> anyhow::Result<Self> {
        match name {
            "chat" => Ok(Self::Chat),
            "dashboard" => Ok(Self::Dashboard),
            _ => bail!("there is no example {name}; there are chat, dashboard"),
        }
    }

    /// What it is, for the terminal.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Chat => "Tidewire's chat",
            Self::Dashboard => "Tidewire's board of 500 rows",
        }
    }

    /// What to do with it.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::Chat => "Open it in two windows",
            Self::Dashboard => "A feed changes 1,000 rows a second; the page says what that costs",
        }
    }

    /// The folder with the built page.
    pub(super) fn page(self, repository: &Repository) -> PathBuf {
        self.folder(repository).join("dist").join(self.name()).join("browser")
    }

    /// Builds the page, once the packages are there.
    pub(super) fn build(self, repository: &Repository, node: &Node) -> anyhow::Result<()> {
        let folder = self.folder(repository);
        let inputs = [
            folder.clone(),
            repository.path("examples/styles.css"),
            repository.path("npm/client"),
            repository.path("npm/angular"),
            repository.path("package-lock.json"),
        ];
        let stamp = Stamp::new(repository.target(&format!("xtask/{}.stamp", self.name())), &inputs)?;
        stamp.unless_fresh(&self.page(repository), || {
            timed("Angular page built", || {
                let mut npm = node.npm(repository);
                npm.current_dir(&folder).args(["run", "build"]).env("NG_CLI_ANALYTICS", "false");
                run_quietly(npm)
            })
        })
    }

    /// Starts what publishes, where it is not people.
    pub(super) fn feed(
        self,
        repository: &Repository,
        node: &Node,
        url: &str,
    ) -> anyhow::Result<Option<Feed>> {
        match self {
            Self::Chat => Ok(None),
            Self::Dashboard => {
                let mut feed = node.command(repository, "node");
                feed.current_dir(self.folder(repository)).args(["feed/feed.ts", url]).stdin(Stdio::null());
                Ok(Some(Feed(feed.spawn().context("cannot start the feed")?)))
            }
        }
    }

    fn folder(self, repository: &Repository) -> PathBuf {
        repository.path(&format!("examples/{}", self.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Chat => "angular-chat",
            Self::Dashboard => "angular-dashboard",
        }
    }
}

/// What publishes; killed when dropped.
#[derive(Debug)]
pub(super) struct Feed(Child);

impl Drop for Feed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
