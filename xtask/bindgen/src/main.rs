//! Makes the module of tidewire-wasm fit for `@tidewire/client`.
//!
//! wasm-bindgen as a library: nothing to install, and Cargo.lock keeps its version equal to that of the
//! `wasm-bindgen` which tidewire-wasm was compiled with. A package of its own, so that `cargo xtask` starts at
//! once and only the commands that need the module wait for this.

mod locations;
mod trapping;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use walrus::Module;
use wasm_bindgen_cli_support::Bindgen;

use self::locations::forget_locations;
use self::trapping::trap_at_once;

/// What `session.ts` of the package calls. It does in thirty lines what wasm-bindgen's glue does for modules of all
/// kinds in a kilobyte, so that is not used.
const EXPORTS: [&str; 5] = ["memory", "session_new", "session_room", "session_handle", "__wbg_session_free"];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [module, made] = arguments.as_slice() else {
        bail!("usage: tidewire-bindgen MODULE.wasm MADE.wasm");
    };
    make(module, made).with_context(|| format!("cannot make {} fit for browsers", module.display()))
}

fn make(path: &Path, made: &Path) -> anyhow::Result<()> {
    let mut output = Bindgen::new().input_path(path).bundler(true)?.typescript(false).generate_output()?;
    let module = output.wasm_mut();
    keep_exports(module)?;
    trap_at_once(module)?;
    forget_locations(module);
    if let Some(import) = module.imports.iter().next() {
        bail!("the module imports {}, which nothing gives it", import.name);
    }
    Ok(fs::write(made, module.emit_wasm())?)
}

/// Takes out the exports that only wasm-bindgen's glue would use.
fn keep_exports(module: &mut Module) -> anyhow::Result<()> {
    for name in EXPORTS {
        if !module.exports.iter().any(|export| export.name == name) {
            bail!("the module does not export {name}");
        }
    }
    let others = module.exports.iter().filter(|export| !EXPORTS.contains(&export.name.as_str()));
    for export in others.map(walrus::Export::id).collect::<Vec<_>>() {
        module.exports.delete(export);
    }
    Ok(())
}
