//! A part of a crowd in a process of its own, for more sockets than one process may open.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::crowd::Crowd;
use crate::dialect::Role;
use crate::system::Spoken;

/// The process, as seen from the one that started it.
pub(crate) struct Worker {
    child: Child,
    /// While this is open, its sockets are.
    _orders: ChildStdin,
    lines: Receiver<String>,
}

impl Worker {
    /// Starts one that connects `count` subscribers of channel 0 to a node.
    pub(crate) fn start(nth: usize, node: SocketAddr, count: usize) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("worker")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let source = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 2, 0, 1)) + u32::try_from(nth)? * 256);
        let mut orders = child.stdin.take().context("a pipe to the worker")?;
        writeln!(orders, "{node} {source} {count}")?;
        let (said, lines) = mpsc::channel();
        let output: ChildStdout = child.stdout.take().context("a pipe from the worker")?;
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if said.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, _orders: orders, lines })
    }

    /// Waits until it says a word; the number beside it.
    pub(crate) fn wait_for(&mut self, word: &str, patience: Duration) -> anyhow::Result<usize> {
        let line =
            self.lines.recv_timeout(patience).with_context(|| format!("a worker did not say {word}"))?;
        match line.split_once(' ') {
            Some((said, number)) if said == word => Ok(number.parse()?),
            _ => bail!("a worker said: {line}"),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process itself: reads its order, says `live N`, counts one delivery for each socket, and says `all N`. It
/// ends when nobody reads what it says.
pub(crate) fn run() -> anyhow::Result<()> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let mut order = String::new();
    std::io::stdin().read_line(&mut order)?;
    let words: Vec<&str> = order.split_whitespace().collect();
    let [node, source, count] = words.as_slice() else { bail!("an order is NODE SOURCE COUNT") };
    let (node, source, count): (SocketAddr, Ipv4Addr, usize) =
        (node.parse()?, source.parse()?, count.parse()?);
    let mut crowd = Crowd::new(Box::new(Spoken::plain()), vec![node])?.coming_from(source);
    crowd.join((0..count).map(|number| Role { node: 0, channel: Some(0), number }), 64)?;
    println!("live {}", crowd.live());
    let mut got = vec![0u8; count];
    let mut all = 0;
    let idle = Instant::now();
    while all < count {
        crowd.turn(Duration::from_millis(200), |role, _| {
            got[role.number] = got[role.number].saturating_add(1);
            all += 1;
        })?;
        if crowd.lost() > 0 {
            bail!("{} sockets were lost", crowd.lost());
        }
        if idle.elapsed() > LONGEST {
            bail!("{all} of {count} deliveries came");
        }
    }
    if got.iter().any(|&times| times != 1) {
        bail!("some got it twice, others not at all");
    }
    println!("all {all}");
    // The sockets stay open until the other process has seen all.
    while std::io::stdin().read_line(&mut order)? > 0 {}
    Ok(())
}

const LONGEST: Duration = Duration::from_secs(1_800);
