//! Which web pages may connect.

mod guard;
pub use guard::guard;

use axum::http::Uri;

/// Which web pages may connect, by the `Origin` that browsers send and pages cannot forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// These, compared exactly: `https://example.org`, `http://localhost:4200`.
    pub allow: Vec<String>,
    /// What of clients that send no origin, as programs that are no browsers do.
    pub without: WithoutOrigin,
    /// Whether pages of this machine (`localhost`, `127.0.0.1`, `[::1]`, any port) may too.
    pub local: LocalPages,
}

/// What becomes of a client without an `Origin`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WithoutOrigin {
    /// It may connect; a token is asked of it as of everybody.
    #[default]
    Allow,
    /// It is refused: browsers only.
    Refuse,
}

/// Whether pages served from this machine are allowed beside the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LocalPages {
    /// As when developing.
    Allow,
    /// Only the list counts.
    #[default]
    Refuse,
}

/// Why an origin is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOrigin {
    /// The page's origin is not on the list.
    #[error("pages from {0} may not connect here; add it to `origins.allow` of the server's configuration")]
    NotAllowed(String),
    /// No origin, and browsers only.
    #[error("this server wants an Origin header, as browsers send it")]
    Missing,
}

impl Default for Origins {
    fn default() -> Self {
        Self { allow: Vec::new(), without: WithoutOrigin::Allow, local: LocalPages::Refuse }
    }
}

impl Origins {
    /// Judges the origin of a connection. That it equals the host asked for is no reason to allow it: a name that
    /// is rebound to this machine (DNS rebinding) makes the two equal for anybody's page.
    ///
    /// # Errors
    /// Where the page may not connect.
    pub fn judge(&self, origin: Option<&str>) -> Result<(), BadOrigin> {
        let Some(origin) = origin else {
            return match self.without {
                WithoutOrigin::Allow => Ok(()),
                WithoutOrigin::Refuse => Err(BadOrigin::Missing),
            };
        };
        let local = self.local == LocalPages::Allow && is_local(origin);
        if local || self.allow.iter().any(|allowed| allowed == origin) {
            return Ok(());
        }
        let shown = origin.chars().filter(|c| c.is_ascii_graphic()).take(200).collect();
        Err(BadOrigin::NotAllowed(shown))
    }
}

/// Whether an origin, or a `Host`, names this machine.
pub fn is_local(origin: &str) -> bool {
    let host = match origin.contains("://") {
        true => authority(origin),
        false => origin.parse().ok(),
    };
    host.is_some_and(|host| matches!(host.host(), "localhost" | "127.0.0.1" | "[::1]"))
}

/// Checks an origin of a list: scheme, host and, where it is not the scheme's own, port; nothing more.
///
/// # Errors
/// With what is wrong, for people.
pub fn parse_origin(text: &str) -> Result<String, String> {
    let Some(authority) = authority(text) else {
        return Err(format!("{text:?} is no origin; write scheme and host, without a path"));
    };
    let port = authority.port_u16();
    let usual = if text.starts_with("https:") { Some(443) } else { Some(80) };
    if port == usual {
        return Err(format!("{text:?}: browsers leave out the scheme's own port; leave it out here too"));
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(format!("{text:?}: browsers write origins in lower case; so must this"));
    }
    Ok(text.to_owned())
}

fn authority(origin: &str) -> Option<axum::http::uri::Authority> {
    let uri: Uri = origin.parse().ok()?;
    let bare = uri.path() == "/" && uri.query().is_none() && !origin.ends_with('/') && !origin.contains('@');
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    (bare && web).then(|| uri.authority().cloned()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_origin_is_allowed() {
        let origins = Origins { allow: vec!["https://example.org".into()], ..Origins::default() };
        assert_eq!(origins.judge(Some("https://example.org")), Ok(()));
        for other in [
            "http://example.org",
            "https://example.org:8443",
            "https://example.org.evil.test",
            "https://evil.test/https://example.org",
            "null",
        ] {
            assert!(origins.judge(Some(other)).is_err(), "{other}");
        }
    }

    #[test]
    fn without_an_origin_the_setting_decides() {
        let mut origins = Origins::default();
        assert_eq!(origins.judge(None), Ok(()));
        origins.without = WithoutOrigin::Refuse;
        assert_eq!(origins.judge(None), Err(BadOrigin::Missing));
    }

    #[test]
    fn pages_of_this_machine_are_allowed_only_where_they_are_wanted() {
        let developing = Origins { local: LocalPages::Allow, ..Origins::default() };
        for local in ["http://localhost:4200", "http://127.0.0.1:7800", "http://[::1]:1"] {
            assert_eq!(developing.judge(Some(local)), Ok(()), "{local}");
            assert!(Origins::default().judge(Some(local)).is_err(), "{local}");
        }
        for foreign in
            ["http://localhost.evil.test", "http://localhost@evil.test", "http://evil.test/localhost"]
        {
            assert!(developing.judge(Some(foreign)).is_err(), "{foreign}");
        }
    }

    #[test]
    fn an_origin_of_the_list_is_as_browsers_write_it() {
        assert!(parse_origin("https://example.org").is_ok());
        assert!(parse_origin("http://localhost:4200").is_ok());
        for text in [
            "example.org",
            "https://example.org/",
            "https://example.org/x",
            "https://example.org:443",
            "ftp://x",
            "https://Example.org",
            "*",
        ] {
            assert!(parse_origin(text).is_err(), "{text}");
        }
    }
}
