use crate::Limits;

/// A sixteenth, at least these, are for others than connected clients: those on their way, the backbone, files.
const OTHERS: u64 = 64;

/// Lets the process open as many files as the system allows, and bounds the connections by that: beyond it a
/// refusal says why, where a failing `accept` would say nothing. Returns the number of files where it is the bound.
pub(super) fn fit(limits: &mut Limits) -> Option<u64> {
    let files = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => files,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files stays as it is");
            return None;
        }
    };
    let connections =
        usize::try_from(files.saturating_sub(OTHERS.max(files / 16))).unwrap_or(usize::MAX).max(1);
    if connections >= limits.connections {
        return None;
    }
    limits.connections = connections;
    Some(files)
}
