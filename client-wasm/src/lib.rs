//! Tidewire client for browsers.
