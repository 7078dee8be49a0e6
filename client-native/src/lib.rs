//! Tidewire client for tokio applications.
