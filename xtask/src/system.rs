use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use crate::program::{find, printed_by, run_quietly};
use crate::say::say;

/// A program of the system's packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Package {
    /// A Redis server.
    Redis,
    /// A Chromium, or a Chrome.
    Browser,
    /// The driver of that browser.
    Driver,
    /// A Firefox.
    Firefox,
}

impl Package {
    /// Each of them.
    pub(crate) const ALL: [Self; 4] = [Self::Redis, Self::Browser, Self::Driver, Self::Firefox];

    /// Where it is; else an error with the one command that installs it.
    pub(crate) fn find(self) -> anyhow::Result<PathBuf> {
        find(self.programs()).with_context(|| {
            let install = if cfg!(target_os = "macos") {
                format!("brew install {}", self.homebrew())
            } else {
                format!("sudo apt-get install {}", self.debian())
            };
            format!("{} is missing: {install}", self.debian())
        })
    }

    /// What it is called, the likeliest first.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Redis => &["redis-server"],
            Self::Browser => &[
                "chromium",
                "chromium-browser",
                "google-chrome",
                "google-chrome-stable",
                "chrome",
                "/Applications/Chromium.app/Contents/MacOS/Chromium",
                "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
                "C:\\Program Files\\Google\\Chrome\\Application\\chrome",
            ],
            Self::Driver => &["chromedriver"],
            Self::Firefox => &[
                "firefox-esr",
                "firefox",
                "/Applications/Firefox.app/Contents/MacOS/firefox",
                "C:\\Program Files\\Mozilla Firefox\\firefox.exe",
            ],
        }
    }

    fn debian(self) -> &'static str {
        match self {
            Self::Redis => "redis-server",
            Self::Browser => "chromium",
            Self::Driver => "chromium-driver",
            Self::Firefox => "firefox-esr",
        }
    }

    fn homebrew(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Browser => "--cask chromium",
            Self::Driver => "--cask chromedriver",
            Self::Firefox => "--cask firefox",
        }
    }
}

/// Installs those that are missing, where that can be done without asking: as root, with apt. Elsewhere whoever
/// needs one is told.
pub(crate) fn bring(packages: &[Package]) -> anyhow::Result<()> {
    let missing: Vec<&str> =
        packages.iter().filter(|package| package.find().is_err()).map(|package| package.debian()).collect();
    if missing.is_empty() || !is_root_with_apt() {
        return Ok(());
    }
    say(&format!("installing from the system's packages: {}", missing.join(", ")));
    apt(&["update", "-qq"])?;
    let mut install = vec!["install", "-qq", "--yes", "--no-install-recommends"];
    install.extend(&missing);
    apt(&install)
}

fn is_root_with_apt() -> bool {
    let mut id = Command::new("id");
    id.arg("-u");
    cfg!(target_os = "linux") && find(&["apt-get"]).is_some() && printed_by(id).as_deref() == Some("0")
}

fn apt(arguments: &[&str]) -> anyhow::Result<()> {
    let mut apt = Command::new("apt-get");
    apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    run_quietly(apt)
}
