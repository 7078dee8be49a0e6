//! `cargo xtask demo`: from a clone to a page that chats.

mod balancer;
mod browser;
mod example;
mod nodes;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Instant;

use anyhow::Context as _;
use lexopt::{Arg, Parser, ValueExt as _};

use self::balancer::Balancer;
use self::example::{Example, Feed};
use self::nodes::Nodes;
use crate::node::Node;
use crate::redis::Redis;
use crate::repository::Repository;
use crate::say::{say, seconds, timed};
use crate::{cargo, npm, page};

/// What the demo can be told.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    port: u16,
    nodes: u16,
    example: Example,
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
        let mut options = Self { port: 7800, nodes: 1, example: Example::Chat, opening: Opening::Open };
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("port") => options.port = arguments.value()?.parse()?,
                Arg::Long("nodes") => options.nodes = arguments.value()?.parse::<u16>()?.clamp(1, 9),
                Arg::Long("example") => options.example = Example::named(&arguments.value()?.string()?)?,
                Arg::Long("no-open") => options.opening = Opening::OnlySay,
                other @ (Arg::Short(_) | Arg::Long(_) | Arg::Value(_)) => {
                    return Err(other.unexpected().into());
                }
            }
        }
        Ok(options)
    }
}

/// Builds all, serves the example, and stays until Ctrl-C.
pub(crate) fn demo(repository: &Repository, options: Options) -> anyhow::Result<()> {
    let started = Instant::now();
    say("building: the first time takes a few minutes, later a few seconds");
    let node = build(repository, options.example)?;

    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let running = Arc::new(Mutex::new(None));
    stop_at_ctrl_c(Arc::clone(&running))?;
    let alone = options.nodes == 1;
    let redis = if alone { None } else { Some(Redis::start(repository)?) };
    let backbone = redis.as_ref().map_or_else(|| "memory".to_owned(), Redis::url);
    let ports =
        if alone { vec![options.port] } else { (1..=options.nodes).map(|n| options.port + n).collect() };
    let nodes = Nodes::start(repository, options.example, &backbone, &ports)?;
    let addresses = nodes.addresses();
    *running.lock().unwrap_or_else(PoisonError::into_inner) = Some(Running { feed: None, nodes, redis });

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

    let url = format!("http://localhost:{}", options.port);
    println!("\n  {} is at  {url}   (after {})", options.example.title(), seconds(started.elapsed()));
    println!("  {}. Ctrl-C stops it.", options.example.advice());
    on_running(&mut |running| {
        running.feed = options.example.feed(repository, &node, &url)?;
        running.nodes.introduce();
        Ok(())
    })?;
    if matches!(options.opening, Opening::Open) {
        browser::open(&url);
    }
    loop {
        on_running(&mut |running| running.nodes.look_after())?;
        thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// What runs while the demo is up; stopped when dropped.
#[derive(Debug)]
struct Running {
    /// Held for its drop, before the nodes that it publishes to.
    #[allow(dead_code, reason = "it is there to be dropped")]
    feed: Option<Feed>,
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
fn build(repository: &Repository, example: Example) -> anyhow::Result<Node> {
    let (bindgen_is_built, bindgen) = mpsc::channel();
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            let _ = bindgen_is_built.send(npm::bindgen(repository));
            timed("server built", || cargo::build(repository, "tidewire-server"))
        });
        let page = npm::build(repository, move || bindgen.recv()?).and_then(|node| {
            example.build(repository, &node)?;
            Ok(node)
        });
        npm::finished(server)?;
        page
    })
}
