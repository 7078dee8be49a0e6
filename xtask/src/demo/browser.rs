use std::io::IsTerminal as _;
use std::process::{Command, Stdio};

/// Opens a page in the person's browser, where there is a person and a desktop; else does nothing.
pub(super) fn open(url: &str) {
    let has_desktop = !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    if !has_desktop || !std::io::stdout().is_terminal() {
        return;
    }
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        Command::new("explorer")
    } else {
        Command::new("xdg-open")
    };
    // The address was printed; a desktop without a browser is no failure of the demo.
    let _ = command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
}
