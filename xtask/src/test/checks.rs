use std::process::Command;

use super::check::{Check, Needs, When};
use super::tools::Tools;
use crate::cargo::{self, cargo};
use crate::npm;
use crate::program::run;
use crate::reference;
use crate::repository::Repository;
use crate::say::say;
use crate::system::Package;

/// All checks: the quick ones first, each after those that it builds upon.
pub(super) fn all() -> Vec<Check> {
    let check = |name, title, needs, run| Check { name, title, needs, when: When::Always, run };
    vec![
        check("format", "cargo fmt", Needs::Nothing, format),
        check("clippy", "cargo clippy, warnings are errors", Needs::Nothing, clippy),
        check("docs", "cargo doc, warnings are errors", Needs::Nothing, docs),
        check("rust", "cargo test, with a real Redis", Needs::Redis, rust),
        check("wasm", "tidewire-wasm in a headless browser", Needs::Browser, wasm),
        check(
            "npm",
            "the npm packages and the examples: types, form, size, reference, tests",
            Needs::Npm,
            npm_packages,
        ),
        check(
            "packaging",
            "the packed packages in pages and in Node, under policies; their types",
            Needs::Browser,
            packaging,
        ),
        check("browser", "a page, two nodes, a Redis: kills, cuts and frozen pages", Needs::Browser, browser),
        Check {
            when: When::WithAll,
            ..check("firefox", "the same in Firefox, which freezes no page", Needs::Firefox, firefox)
        },
        Check {
            when: When::WithAll,
            ..check(
                "matrix",
                "the packed packages in fresh applications of every framework and version",
                Needs::Browser,
                matrix,
            )
        },
    ]
}

fn format(repository: &Repository, _: &Tools<'_>) -> anyhow::Result<()> {
    let mut fmt = cargo(repository);
    fmt.args(["fmt", "--all", "--check"]);
    run(fmt)
}

fn clippy(repository: &Repository, _: &Tools<'_>) -> anyhow::Result<()> {
    let mut clippy = cargo(repository);
    clippy.args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]);
    run(clippy)
}

fn docs(repository: &Repository, _: &Tools<'_>) -> anyhow::Result<()> {
    run(reference::rustdoc(repository))
}

fn rust(repository: &Repository, tools: &Tools<'_>) -> anyhow::Result<()> {
    tools.system(Package::Redis)?;
    let mut build = cargo(repository);
    build.arg("build").args(cargo::ALL);
    run(build)?;
    let mut test = cargo(repository);
    test.args(["test", "--workspace", "--locked"]);
    run(test)
}

fn wasm(repository: &Repository, tools: &Tools<'_>) -> anyhow::Result<()> {
    let driver = tools.system(Package::Driver)?;
    cargo::bring_wasm_target(repository)?;
    cargo::build_all(repository)?;
    let mut test = cargo(repository);
    test.args(["test", "--package", "tidewire-wasm", "--target", cargo::WASM, "--locked"]);
    test.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", repository.built("tidewire-wasm-test-runner"));
    test.env("CHROMEDRIVER", driver).env("WASM_BINDGEN_TEST_TIMEOUT", "60");
    run(test)
}

fn npm_packages(repository: &Repository, tools: &Tools<'_>) -> anyhow::Result<()> {
    let node = tools.built_packages()?;
    let everywhere = ["--workspaces", "--include-workspace-root", "--if-present"];
    for script in ["check", "lint:package", "size"] {
        let mut npm = node.npm(repository);
        npm.args(["run", script]).args(everywhere);
        run(npm)?;
    }
    // Apart from the workspace, with peers' packages of its own.
    npm::install_in(repository, &node, "bench/ui")?;
    let mut types = node.npm(repository);
    types.current_dir(repository.path("bench/ui")).args(["run", "check"]);
    run(types)?;
    let mut reference = reference::typedoc(repository, &node);
    reference.args(["--emit", "none"]);
    run(reference)?;
    for package in
        ["npm/client", "npm/angular", "examples/angular-chat", "examples/angular-dashboard", "bench/ui"]
    {
        let mut npm = node.npm(repository);
        npm.current_dir(repository.path(package)).args(["test", "--if-present"]);
        run(npm)?;
    }
    Ok(())
}

fn packaging(repository: &Repository, tools: &Tools<'_>) -> anyhow::Result<()> {
    run(packed_test(repository, tools, "test")?)
}

fn matrix(repository: &Repository, tools: &Tools<'_>) -> anyhow::Result<()> {
    let mut test = packed_test(repository, tools, "matrix")?;
    test.env("TIDEWIRE_APPS", repository.target("packaging"));
    run(test)
}

/// A script of `tests/packaging`, with the packages as they are packed.
fn packed_test(repository: &Repository, tools: &Tools<'_>, script: &str) -> anyhow::Result<Command> {
    let packed = npm::pack(repository, &tools.built_packages()?)?;
    packed.iter().for_each(|packed| say(&format!("packed {}", packed.display())));
    let mut test = node_test(repository, tools, "tests/packaging", script, Package::Browser)?;
    test.env("TIDEWIRE_PACKED", repository.target("npm"));
    Ok(test)
}

fn browser(repository: &Repository, tools: &Tools<'_>) -> anyhow::Result<()> {
    page_tests(repository, tools, Package::Browser)
}

fn firefox(repository: &Repository, tools: &Tools<'_>) -> anyhow::Result<()> {
    page_tests(repository, tools, Package::Firefox)
}

fn page_tests(repository: &Repository, tools: &Tools<'_>, browser: Package) -> anyhow::Result<()> {
    tools.built_packages()?;
    run(node_test(repository, tools, "tests/browser", "test", browser)?)
}

/// A script of a folder whose tests drive a browser against real servers.
fn node_test(
    repository: &Repository,
    tools: &Tools<'_>,
    folder: &str,
    script: &str,
    browser: Package,
) -> anyhow::Result<Command> {
    cargo::build_all(repository)?;
    let mut test = tools.node()?.npm(repository);
    test.current_dir(repository.path(folder)).args(["run", script]);
    test.env("TIDEWIRE_SERVER", repository.built("tidewire"));
    test.env("TIDEWIRE_BROWSER", tools.system(browser)?);
    test.env("TIDEWIRE_REDIS", tools.system(Package::Redis)?);
    Ok(test)
}
