use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context as _, anyhow};

use crate::cargo;
use crate::likeness::name_by_likeness;
use crate::node::Node;
use crate::program::run_quietly;
use crate::repository::Repository;
use crate::say::{say, timed};
use crate::stamp::Stamp;

/// Everything in Baseline browsers since 2023, named one by one: `--all-features` writes modules that engines reject.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-reference-types",
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-multivalue",
];

/// Smallest after compression, found by trying: what is known of the whole module helps only between two rounds of
/// the rest, and functions that are not inlined repeat less. Rust's stack and data leave the first kilobyte of memory
/// unused. No flag here may assume that traps do not happen: those let a guarded division or load run without its
/// guard.
const WASM_SIZE: [&str; 11] = [
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
    "-Oz",
    "--gufa",
    "-Oz",
    "--converge",
    "--low-memory-unused",
    "--one-caller-inline-max-function-size=1",
    "--always-inline-max-function-size=4",
    "--flexible-inline-max-function-size=8",
];

/// `cargo xtask npm`: builds and packs the npm packages.
pub(crate) fn npm(repository: &Repository) -> anyhow::Result<()> {
    let node = build(repository, || bindgen(repository))?;
    for packed in pack(repository, &node)? {
        say(&format!("packed {}", packed.display()));
    }
    Ok(())
}

/// Builds wasm-bindgen.
pub(crate) fn bindgen(repository: &Repository) -> anyhow::Result<()> {
    timed("wasm-bindgen built", || cargo::build(repository, "tidewire-bindgen"))
}

/// Makes the npm packages from the Rust sources on; `bindgen` sees to it that wasm-bindgen is built. What does not
/// wait for each other runs beside each other: npm waits for the network, the builds share the processors.
pub(crate) fn build(
    repository: &Repository,
    bindgen: impl FnOnce() -> anyhow::Result<()> + Send,
) -> anyhow::Result<Node> {
    let (node, module) = thread::scope(|scope| {
        let node = scope.spawn(|| install(repository));
        let bindgen = scope.spawn(bindgen);
        let module = timed("browser client compiled", || cargo::build_wasm(repository));
        finished(bindgen)?;
        anyhow::Ok((finished(node)?, module?))
    })?;
    glue(repository, &node, &module)?;
    build_packages(repository, &node)?;
    Ok(node)
}

/// Brings Node and the packages of the workspace's lock.
pub(crate) fn install(repository: &Repository) -> anyhow::Result<Node> {
    let node = Node::bring(repository)?;
    install_in(repository, &node, "")?;
    Ok(node)
}

/// Brings the packages of a folder's lock.
pub(crate) fn install_in(repository: &Repository, node: &Node, folder: &str) -> anyhow::Result<()> {
    let folder = repository.path(folder);
    let installed = folder.join("node_modules");
    let stamp = Stamp::new(installed.join(".tidewire-stamp"), &[folder.join("package-lock.json")])?;
    stamp.unless_fresh(&installed, || {
        say("installing npm packages");
        timed("npm packages installed", || {
            let mut npm = node.npm(repository);
            npm.current_dir(&folder).args(["ci", "--no-audit", "--no-fund"]);
            run_quietly(npm)
        })
    })
}

/// Makes the module fit for browsers: wasm-bindgen, and wasm-opt.
pub(crate) fn glue(repository: &Repository, node: &Node, module: &Path) -> anyhow::Result<()> {
    let result = repository.path("npm/client/wasm");
    let inputs = [module.to_owned(), repository.path("xtask/bindgen"), repository.path("package-lock.json")];
    Stamp::new(repository.target("xtask/glue.stamp"), &inputs)?.unless_fresh(&result, || {
        timed("module optimised", || {
            let folder = repository.target("xtask/glue");
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::create_dir_all(&folder)?;
            let unoptimised = repository.target("xtask/unoptimised.wasm");
            let mut bindgen = std::process::Command::new(repository.built("tidewire-bindgen"));
            bindgen.arg(module).arg(&unoptimised);
            run_quietly(bindgen)?;

            let wasm_opt = |input: &Path, flags: &[&str], made: &Path| {
                let mut optimiser = node.command(repository, "node");
                optimiser.arg(repository.path("node_modules/binaryen/bin/wasm-opt"));
                optimiser.args(WASM_FEATURES).args(flags).arg(input).arg("-o").arg(made);
                run_quietly(optimiser)
            };
            let optimised = repository.target("xtask/optimised.wasm");
            wasm_opt(&unoptimised, &WASM_SIZE, &optimised)?;
            fs::write(&optimised, name_by_likeness(&fs::read(&optimised)?)?)?;
            let by_name = ["--reorder-functions-by-name", "--strip-debug"];
            wasm_opt(&optimised, &by_name, &folder.join("tidewire.wasm"))?;
            replace(&folder, &result)
        })
    })
}

/// Builds the packages of `npm/` in the order of their use.
pub(crate) fn build_packages(repository: &Repository, node: &Node) -> anyhow::Result<()> {
    let mut inputs = vec![repository.path("package-lock.json"), repository.path("npm/client/wasm")];
    for package in packages(repository) {
        inputs.push(package.clone());
        let name = name_of(&package);
        let stamp = Stamp::new(repository.target(&format!("xtask/{name}.stamp")), &inputs)?;
        stamp.unless_fresh(&package.join("dist"), || {
            timed(&format!("npm/{name} built"), || {
                let mut npm = node.npm(repository);
                npm.current_dir(&package).args(["run", "build"]);
                run_quietly(npm)
            })
        })?;
    }
    Ok(())
}

/// Packs what `npm/` holds into `target/npm`, as a registry would get it.
pub(crate) fn pack(repository: &Repository, node: &Node) -> anyhow::Result<Vec<PathBuf>> {
    let folder = repository.target("npm");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    for package in packages(repository) {
        let mut npm = node.npm(repository);
        npm.current_dir(&package).args(["pack", "--ignore-scripts", "--pack-destination"]).arg(&folder);
        run_quietly(npm)?;
    }
    let packed = fs::read_dir(&folder)?.map(|file| Ok(file?.path())).collect::<std::io::Result<_>>()?;
    Ok(packed)
}

/// The packages, each after those that it uses.
fn packages(repository: &Repository) -> Vec<PathBuf> {
    let folders = ["npm/client", "npm/angular"].map(|folder| repository.path(folder));
    folders.into_iter().filter(|folder| folder.join("package.json").is_file()).collect()
}

fn name_of(package: &Path) -> String {
    package.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Puts the files of one folder into another in place of what was there.
fn replace(made: &Path, place: &Path) -> anyhow::Result<()> {
    if place.exists() {
        fs::remove_dir_all(place)?;
    }
    fs::create_dir_all(place)?;
    for file in fs::read_dir(made)? {
        let file = file?;
        if file.file_type()?.is_file() {
            fs::copy(file.path(), place.join(file.file_name()))
                .with_context(|| format!("cannot write into {}", place.display()))?;
        }
    }
    Ok(())
}

/// The result of a thread; that it panicked is an error like others.
pub(crate) fn finished<T>(work: thread::ScopedJoinHandle<'_, anyhow::Result<T>>) -> anyhow::Result<T> {
    work.join().map_err(|_| anyhow!("a step of the build panicked"))?
}
