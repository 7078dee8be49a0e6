//! Who may do what: tokens, API keys, and the policy that the configuration makes of them.

mod secret;
pub use secret::Secret;

mod pattern;
pub use pattern::{BadPattern, Pattern};

mod grants;
pub use grants::Grants;

mod claims;
pub use claims::{Audience, Claims};

mod bad_token;
pub use bad_token::BadToken;

mod token_key;
pub use token_key::{Algorithm, BadKey, TokenKey};

mod token_keys;
pub use token_keys::TokenKeys;

mod api_key;
pub use api_key::ApiKey;

mod configured_policy;
pub use configured_policy::{ConfiguredPolicy, Mode};
