//! Tidewire's server, as a library and as the binary `tidewire`.
