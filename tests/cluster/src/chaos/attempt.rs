use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::task::block_in_place;

/// Does what blocks, and panics where Redis or a node is not as it should be; a run goes on nevertheless.
///
/// # Errors
/// What the panic says.
pub(super) fn attempt<T>(step: impl FnOnce() -> T) -> Result<T, String> {
    block_in_place(|| catch_unwind(AssertUnwindSafe(step))).map_err(|panic| words(&*panic))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}
