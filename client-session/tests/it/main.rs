//! What a session does, told as stories: each file is one behaviour, `script` is their language.

mod script;

mod connecting;
