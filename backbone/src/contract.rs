//! What every [`Backbone`] owes to the nodes, as tests that any implementation can run.
//!
//! An implementation says how to make a [`Cluster`] and calls [`backbone_contract!`](crate::backbone_contract)
//! inside a module of its integration tests:
//!
//! ```ignore
//! mod memory_keeps_the_contract {
//!     tidewire_backbone::backbone_contract!(super::MemoryCluster::default());
//! }
//! ```
#![expect(clippy::wildcard_enum_match_arm, reason = "any other outcome is a failure")]

pub mod dedup;
pub mod ephemeral;
pub mod listening;
pub mod order;
pub mod presence;
pub mod reading;
pub mod retention;
pub mod tags;

mod node;
pub use node::Node;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tidewire_protocol::{ChannelName, Payload, PublisherId};

use crate::{Arrivals, Backbone, Draft, Retention};

/// Logs, without entries at first, that any number of nodes share.
#[async_trait]
pub trait Cluster: Send + Sync {
    /// Another node, ready to publish.
    async fn node(&self) -> (Arc<dyn Backbone>, Arrivals);
}

/// Makes a test of each promise; the expression makes a fresh [`Cluster`](crate::contract::Cluster) and may await.
#[macro_export]
macro_rules! backbone_contract {
    ($cluster:expr) => {
        $crate::backbone_contract! { $cluster =>
            order::publishes_take_effect_in_the_order_of_the_calls,
            order::two_nodes_see_one_order_and_it_is_the_logs,
            dedup::the_same_publication_again_is_old_and_says_where_it_is,
            dedup::one_before_the_newest_is_old,
            dedup::a_seq_beyond_the_next_is_behind_and_nothing_is_written,
            dedup::an_unknown_publisher_begins_with_one,
            dedup::force_appends_and_says_how_many_are_missing,
            dedup::each_publisher_counts_for_itself_in_each_channel,
            dedup::of_one_publication_through_two_nodes_one_is_taken,
            dedup::a_publisher_is_remembered_when_its_entries_are_gone,
            dedup::an_active_publisher_is_remembered_beyond_the_window,
            dedup::an_idle_publisher_is_forgotten,
            tags::each_tag_follows_from_the_one_before_and_the_id,
            tags::two_logs_begin_with_different_tags,
            tags::what_is_acknowledged_is_what_arrives_and_what_is_kept,
            reading::from_the_base_it_gives_everything,
            reading::from_the_middle_it_gives_the_rest_and_the_position_there,
            reading::from_the_tip_it_gives_nothing,
            reading::from_beyond_the_tip_it_gives_nothing_and_the_tip,
            reading::a_limit_cuts_it_short_and_the_tip_is_told_all_the_same,
            reading::from_before_what_is_retained_it_gives_the_oldest_position_that_is_known,
            reading::a_channel_without_a_log_gets_one_that_lasts,
            reading::entries_come_back_whole,
            retention::it_keeps_so_many_entries_and_not_many_more,
            retention::it_keeps_so_many_bytes_and_not_many_more,
            retention::entries_of_uneven_size_stay_as_long_as_they_fit,
            retention::the_newest_entry_stays_whatever_its_size,
            retention::entries_age_away_and_the_tip_stays,
            retention::a_log_goes_on_from_its_tip_when_its_entries_are_gone,
            listening::what_is_published_after_listen_returns_arrives,
            listening::what_is_not_listened_to_does_not_arrive,
            listening::listening_twice_brings_each_once,
            listening::after_unlistening_it_can_listen_again,
            listening::many_channels_can_be_listened_to_at_once,
            listening::a_large_payload_arrives_or_can_be_read,
            ephemeral::it_arrives_without_a_position,
            ephemeral::it_leaves_no_log,
            ephemeral::it_is_not_counted,
        }
    };
    ($cluster:expr => $($room:ident::$promise:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let cluster = $cluster;
                $crate::contract::$room::$promise(&cluster).await;
            }
        )*
    };
}

/// The same of the promises of a [`PresenceStore`](crate::PresenceStore).
#[macro_export]
macro_rules! presence_contract {
    ($cluster:expr) => {
        $crate::backbone_contract! { $cluster =>
            presence::who_enters_is_present,
            presence::nobody_is_in_an_unknown_channel,
            presence::joins_and_leaves_arrive_in_order_with_counts,
            presence::the_same_again_is_announced_once,
            presence::other_information_is_announced,
            presence::pages_follow_each_other_without_holes,
            presence::many_at_once_are_all_announced,
            presence::with_a_lease_go_those_who_are_filed_under_it,
            presence::who_is_filed_under_the_next_term_outlives_the_one_before,
            presence::renewing_tells_how_long_each_lease_is_silent,
        }
    };
}

/// How long a promise may take before it counts as broken.
const PATIENCE: Duration = Duration::from_secs(10);

fn channel(name: &str) -> ChannelName {
    name.parse().expect("the contract uses valid names")
}

/// A publication of the publisher's, whose payload names it.
fn draft(publisher: u64, seq: u64) -> Draft {
    Draft {
        publisher: PublisherId(publisher),
        seq,
        payload: Payload::Json(format!("\"{publisher}/{seq}\"").into()),
        user: None,
        force: false,
    }
}

/// A log that keeps so many entries, of any size, for the time of a test.
fn keeping(entries: u32) -> Retention {
    Retention::Log { entries, bytes: 1 << 30, age: Duration::from_secs(600), dedup: Duration::from_secs(600) }
}
