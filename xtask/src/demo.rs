//! `cargo xtask demo`: from a clone to a page that chats.

mod balancer;
mod browser;
mod nodes;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Instant;

use anyhow::Context as _;
use lexopt::{Arg, Parser, ValueExt as _};

use self::balancer::Balancer;
use self::nodes::Nodes;
use crate::redis::Redis;
use crate::repository::Repository;
use crate::say::{say, seconds, timed};
use crate::{cargo, npm, page, stamp};

/// What the demo can be told.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    port: u16,
    nodes: u16,
    opening: Opening,
}

/// Whether the page is opened in the person's browser.
#[derive(Clone, Copy, Debug)]
enum Opening {
    Open,
    OnlySay,
}

impl Options {
    /// Reads the words after `demo`.
    pub(crate) fn parse(mut arguments: Parser) -> anyhow::Result<Self> {
        let mut options = Self { port: 7800, nodes: 1, opening: Opening::Open };
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("port") => options.port = arguments.value()?.parse()?,
                Arg::Long("nodes") => options.nodes = arguments.value()?.parse::<u16>()?.clamp(1, 9),
                Arg::Long("no-open") => options.opening = Opening::OnlySay,
                other @ (Arg::Short(_) | Arg::Long(_) | Arg::Value(_)) => {
                    return Err(other.unexpected().into());
                }
            }
        }
        Ok(options)
    }
}

/// Builds all, serves the chat, and stays until Ctrl-C.
pub(crate) fn demo(repository: &Repository, options: Options) -> anyhow::Result<()> {
    let started = Instant::now();
    say("building: the first time takes a few minutes, later a few seconds");
    build(repository)?;

    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let running = Arc::new(Mutex::new(None));
    stop_at_ctrl_c(Arc::clone(&running))?;
    let alone = options.nodes == 1;
    let redis = if alone { None } else { Some(Redis::start(repository)?) };
    let backbone = redis.as_ref().map_or_else(|| "memory".to_owned(), Redis::url);
    let ports =
        if alone { vec![options.port] } else { (1..=options.nodes).map(|n| options.port + n).collect() };
    let nodes = Nodes::start(repository, &backbone, &ports)?;
    let addresses = nodes.addresses();
    *running.lock().unwrap_or_else(PoisonError::into_inner) = Some(Running { nodes, redis });

    let on_running = |ask: &mut dyn FnMut(&mut Running) -> anyhow::Result<()>| {
        running.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map_or(Ok(()), ask)
    };
    for node in &addresses {
        page::wait_for(*node, "/", || on_running(&mut |running| running.nodes.check()))?;
    }
    if !alone {
        Balancer::listen(address, addresses)?;
    }
    page::wait_for(address, "/", || on_running(&mut |running| running.nodes.check()))?;

    println!(
        "\n  Tidewire's chat is at  http://localhost:{}   (after {})",
        options.port,
        seconds(started.elapsed())
    );
    println!("  Open it in two windows. Ctrl-C stops it.");
    on_running(&mut |running| {
        running.nodes.introduce();
        Ok(())
    })?;
    if matches!(options.opening, Opening::Open) {
        browser::open(&format!("http://localhost:{}", options.port));
    }
    loop {
        on_running(&mut |running| running.nodes.look_after())?;
        thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// What runs while the demo is up; stopped when dropped.
#[derive(Debug)]
struct Running {
    nodes: Nodes,
    /// Held for its drop: the nodes need it as long as they run.
    #[allow(dead_code, reason = "it is there to be dropped")]
    redis: Option<Redis>,
}

fn stop_at_ctrl_c(running: Arc<Mutex<Option<Running>>>) -> anyhow::Result<()> {
    ctrlc::set_handler(move || {
        drop(running.lock().unwrap_or_else(PoisonError::into_inner).take());
        println!("\n• stopped");
        std::process::exit(0);
    })
    .context("cannot listen for Ctrl-C")
}

/// Builds the server beside the page. Both cargo builds write into one folder and so wait for each other:
/// wasm-bindgen goes first, for the page has more steps to go after it.
fn build(repository: &Repository) -> anyhow::Result<()> {
    let (bindgen_is_built, bindgen) = mpsc::channel();
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            let _ = bindgen_is_built.send(npm::bindgen(repository));
            timed("server built", || cargo::build(repository, "tidewire-server"))
        });
        let page = build_page(repository, move || bindgen.recv()?);
        npm::finished(server)?;
        page
    })
}

fn build_page(
    repository: &Repository,
    bindgen: impl FnOnce() -> anyhow::Result<()> + Send,
) -> anyhow::Result<()> {
    let node = npm::build(repository, bindgen)?;
    let example = repository.path("examples/angular-chat");
    let inputs = [
        example.clone(),
        repository.path("npm/client"),
        repository.path("npm/angular"),
        repository.path("package-lock.json"),
    ];
    let stamp = stamp::Stamp::new(repository.target("xtask/angular-chat.stamp"), &inputs)?;
    stamp.unless_fresh(&nodes::page(repository), || {
        timed("Angular page built", || {
            let mut npm = node.npm(repository);
            npm.current_dir(&example).args(["run", "build"]).env("NG_CLI_ANALYTICS", "false");
            crate::program::run_quietly(npm)
        })
    })
}
