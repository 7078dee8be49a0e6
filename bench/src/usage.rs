//! What processes use, from `/proc`.

use std::fs;
use std::time::Duration;

use anyhow::Context;

/// The CPU time that processes have used so far, in the kernel and outside, all their threads.
pub(crate) fn cpu(processes: &[u32]) -> anyhow::Result<Duration> {
    processes.iter().map(|&process| cpu_of(process)).sum()
}

/// Resident memory of processes, in bytes.
pub(crate) fn resident(processes: &[u32]) -> anyhow::Result<u64> {
    processes.iter().map(|&process| status(process, "VmRSS:")).sum()
}

/// The most memory that was ever resident in processes, in bytes.
pub(crate) fn peak_resident(processes: &[u32]) -> anyhow::Result<u64> {
    processes.iter().map(|&process| status(process, "VmHWM:")).sum()
}

/// How much memory the machine has to give, in bytes.
pub(crate) fn available() -> anyhow::Result<u64> {
    line(&fs::read_to_string("/proc/meminfo")?, "MemAvailable:").context("no MemAvailable in /proc/meminfo")
}

fn cpu_of(process: u32) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))
        .with_context(|| format!("process {process} has ended"))?;
    // The name, in parentheses, may hold anything; utime and stime are the 12th and 13th field after it.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks: u64 = fields.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * MILLIS_PER_TICK))
}

fn status(process: u32, name: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))
        .with_context(|| format!("process {process} has ended"))?;
    line(&status, name).with_context(|| format!("no {name} in the status of process {process}"))
}

fn line(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(rest.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// Linux counts in hundredths of a second (`USER_HZ`), whatever its timer.
const MILLIS_PER_TICK: u64 = 10;
