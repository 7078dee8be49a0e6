use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use crate::program::{find, printed_by, run_quietly};
use crate::say::say;

const BROWSERS: [&str; 7] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome",
];

/// The system's programs that the tests drive.
#[derive(Clone, Debug)]
pub(crate) struct System {
    /// A Redis server.
    pub(crate) redis: PathBuf,
    /// A Chromium, or a Chrome.
    pub(crate) browser: PathBuf,
    /// The driver of that browser.
    pub(crate) driver: PathBuf,
}

impl System {
    /// Finds them, after installing what is missing where that can be done without asking: as root, with apt.
    pub(crate) fn bring() -> anyhow::Result<Self> {
        let missing: Vec<&str> = [
            ("redis-server", find(&["redis-server"]).is_none()),
            ("chromium", browser().is_none()),
            ("chromium-driver", find(&["chromedriver"]).is_none()),
        ]
        .into_iter()
        .filter_map(|(package, is_missing)| is_missing.then_some(package))
        .collect();
        if !missing.is_empty() && is_root_with_apt() {
            say(&format!("installing from the system's packages: {}", missing.join(", ")));
            apt(&["update", "-qq"])?;
            let mut install = vec!["install", "-qq", "--yes", "--no-install-recommends"];
            install.extend(&missing);
            apt(&install)?;
        }
        Ok(Self {
            redis: redis()?,
            browser: browser().with_context(|| how_to_install("chromium", "--cask chromium"))?,
            driver: find(&["chromedriver"])
                .with_context(|| how_to_install("chromium-driver", "--cask chromedriver"))?,
        })
    }
}

/// The system's Redis server.
pub(crate) fn redis() -> anyhow::Result<PathBuf> {
    find(&["redis-server"]).with_context(|| how_to_install("redis-server", "redis"))
}

fn browser() -> Option<PathBuf> {
    find(&BROWSERS)
}

fn how_to_install(debian: &str, homebrew: &str) -> String {
    let command = if cfg!(target_os = "macos") {
        format!("brew install {homebrew}")
    } else {
        format!("sudo apt-get install {debian}")
    };
    format!("{debian} is missing: {command}")
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
