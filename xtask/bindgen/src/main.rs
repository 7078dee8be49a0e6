//! Writes the JavaScript glue of tidewire-wasm.
//!
//! wasm-bindgen as a library: nothing to install, and Cargo.lock keeps its version equal to that of the
//! `wasm-bindgen` which tidewire-wasm was compiled with. A package of its own, so that `cargo xtask` starts at
//! once and only the commands that need the glue wait for this.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [module, folder] = arguments.as_slice() else {
        bail!("usage: tidewire-bindgen MODULE.wasm FOLDER");
    };
    Bindgen::new()
        .input_path(module)
        .out_name("tidewire")
        .web(true)?
        // The package hands the bytes over itself; a `new URL(…)` in the glue would make bundlers look for a file.
        .omit_default_module_path(true)
        .typescript(true)
        .generate(folder)
        .with_context(|| format!("cannot make the glue of {}", module.display()))
}
