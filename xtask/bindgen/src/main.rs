//! Writes the JavaScript glue of tidewire-wasm.
//!
//! wasm-bindgen as a library: nothing to install, and Cargo.lock keeps its version equal to that of the
//! `wasm-bindgen` which tidewire-wasm was compiled with. A package of its own, so that `cargo xtask` starts at
//! once and only the commands that need the glue wait for this.

mod locations;
mod trapping;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use wasm_bindgen_cli_support::{Bindgen, Output};

use self::locations::forget_locations;
use self::trapping::trap_at_once;

const NAME: &str = "tidewire";

fn main() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [module, folder] = arguments.as_slice() else {
        bail!("usage: tidewire-bindgen MODULE.wasm FOLDER");
    };
    make(module, folder).with_context(|| format!("cannot make the glue of {}", module.display()))
}

fn make(module: &Path, folder: &Path) -> anyhow::Result<()> {
    let mut output = Bindgen::new()
        .input_path(module)
        .out_name(NAME)
        // The package loads the module itself, in fewer words than the glue for pages has; it uses `_bg.js` only.
        .bundler(true)?
        .typescript(true)
        .generate_output()?;
    trap_at_once(output.wasm_mut())?;
    forget_locations(output.wasm_mut());
    let renamed = shorten_imports(&mut output);
    output.emit(folder)?;

    // Beside the glue stands a file for bundlers that import the module, which none is asked to do.
    let glue = folder.join(NAME).with_extension("js");
    fs::rename(folder.join(format!("{NAME}_bg.js")), &glue)?;
    let mut text = fs::read_to_string(&glue)?;
    for (long, short) in &renamed {
        text = text.replace(long, short);
    }
    let imports: Vec<&str> = renamed.iter().map(|(_, short)| short.as_str()).collect();
    fs::write(
        glue,
        format!("{text}export const imports = {{ './{NAME}_bg.js': {{ {} }} }};\n", imports.join(", ")),
    )?;
    let types = folder.join(NAME).with_extension("d.ts");
    let text = fs::read_to_string(&types)?;
    Ok(fs::write(types, format!("{text}{FOR_LOADING}"))?)
}

/// What the glue has for whoever loads the module himself, and the types lack.
const FOR_LOADING: &str = "
export const imports: WebAssembly.Imports;
export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
";

/// Gives what the module imports short names: wasm-bindgen's end in hashes, which do not compress, and stand both in
/// the module and in the glue.
fn shorten_imports(output: &mut Output) -> Vec<(String, String)> {
    let imports = output.wasm_mut().imports.iter_mut();
    imports
        .enumerate()
        .map(|(at, import)| {
            let short = format!("_{at}");
            (std::mem::replace(&mut import.name, short.clone()), short)
        })
        .collect()
}
