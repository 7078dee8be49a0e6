//! Chaos: real nodes and a real Redis under load, faults at random from a seed, and a judge that reads what
//! everybody saw.

mod mark;
pub use mark::Mark;

mod history;
pub use history::{Harm, History, Hitch, Lane, LogLoss, Lost, Moment, Outcome, Seen, Sent, Sight};

mod fault;
pub use fault::{Fault, Trouble};

mod plan;
pub use plan::{Plan, Strike};

mod redis;
pub use redis::Topology;

mod attempt;

mod world;
pub use world::{Struck, World, WorldOptions};

mod book;
pub use book::Book;

mod load;
pub use load::{Load, Reach, Shape};

mod run;
pub use run::{RunOptions, RunOutcome, run};

mod unasked;
pub use unasked::failover_that_nobody_asked_for;

mod extinct;
pub use extinct::failover_that_nobody_outlives;

mod inverse;
pub use inverse::Inverse;

mod recovery;
pub use recovery::{LATE, Recovery, recoveries};

mod verdict;
pub use verdict::{Finding, Verdict, Wrong};

mod judge;
pub use judge::judge;

pub mod report;
