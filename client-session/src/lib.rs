//! One Tidewire client's conversation as a pure state machine: no socket, no clock.
