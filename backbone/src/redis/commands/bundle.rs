use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ServerErrorKind, Value};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::Reply;
use crate::redis::refusal::{is_of_a_replica, is_redirection, refusal, unavailable};

/// A command on its way.
pub(super) struct Job {
    pub(super) command: Cmd,
    pub(super) manner: Manner,
    pub(super) waiting: Waiting,
}

/// How a command is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Plain,
    /// To a server of a cluster that is only getting the key's slot.
    Asking,
}

/// Who waits for a reply, and the room that the command takes until then.
pub(super) struct Waiting {
    pub(super) reply: oneshot::Sender<Reply>,
    pub(super) _room: OwnedSemaphorePermit,
}

/// What became of a bundle.
pub(super) enum Bundle {
    /// Every command has its reply.
    Answered,
    /// Every command has its reply; of some it is that they belong to another server of the cluster.
    Redirected,
    /// Redis did not know the script; these wait to be sent again.
    Unloaded(Vec<Job>),
    /// Every command has its reply, and the link must be made anew.
    Broken,
}

impl Waiting {
    /// The caller may have gone; then nobody needs the reply.
    pub(super) fn answer(self, reply: Reply) {
        let _ = self.reply.send(reply);
    }
}

/// Sends commands together, `first` those that nobody waits for; where `replicated_within` says so, replies wait
/// until a replica has what was written.
pub(super) async fn send(
    mut connection: MultiplexedConnection,
    first: Vec<Cmd>,
    jobs: Vec<Job>,
    replicated_within: Option<Duration>,
) -> Bundle {
    let mut pipeline = redis::Pipeline::with_capacity(first.len() + jobs.len());
    // For each command who waits for its reply, where anybody does.
    let mut all = Vec::with_capacity(first.len() + jobs.len());
    for command in first {
        pipeline.add_command(command);
        all.push(None);
    }
    for job in jobs {
        if job.manner == Manner::Asking {
            pipeline.cmd("ASKING");
            all.push(None);
        }
        pipeline.add_command(job.command);
        all.push(Some((job.manner, job.waiting)));
    }
    if let Some(within) = replicated_within {
        pipeline.cmd("WAIT").arg(1).arg(u64::try_from(within.as_millis()).unwrap_or(u64::MAX));
        all.push(None);
    }
    match connection.send_packed_commands(&pipeline, 0, pipeline.len()).await {
        Ok(values) => {
            let is_kept = replicated_within.is_none()
                || matches!(values.last(), Some(Value::Int(replicas)) if *replicas > 0);
            sort_out(&pipeline, all, values, is_kept)
        }
        Err(error) => {
            for (_, waiting) in all.into_iter().flatten() {
                waiting.answer(Err(unavailable(&error)));
            }
            Bundle::Broken
        }
    }
}

/// Hands replies to those who wait for them; `is_kept` where as many servers have what was written as should.
fn sort_out(
    pipeline: &redis::Pipeline,
    all: Vec<Option<(Manner, Waiting)>>,
    values: Vec<Value>,
    is_kept: bool,
) -> Bundle {
    let mut unloaded = Vec::new();
    let mut is_wrong_server = false;
    let mut is_redirected = false;
    for ((command, waiting), value) in pipeline.cmd_iter().zip(all).zip(values) {
        let Some((manner, waiting)) = waiting else { continue };
        match value {
            Value::ServerError(error) if error.kind() == Some(ServerErrorKind::NoScript) => {
                unloaded.push(Job { command: command.clone(), manner, waiting });
            }
            Value::ServerError(error) => {
                is_wrong_server |= is_of_a_replica(&error);
                is_redirected |= is_redirection(&error);
                waiting.answer(Err(refusal(&error)));
            }
            value if is_kept => waiting.answer(Ok(value)),
            _ => waiting.answer(Err(unavailable("no replica has it yet"))),
        }
    }
    match (is_wrong_server, unloaded.is_empty()) {
        // Dropping the unloaded ones' senders tells their callers that the link is down.
        (true, _) => Bundle::Broken,
        (false, true) if is_redirected => Bundle::Redirected,
        (false, true) => Bundle::Answered,
        (false, false) => Bundle::Unloaded(unloaded),
    }
}
