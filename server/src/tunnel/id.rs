use std::fmt;
use std::str::FromStr;

/// A running node's number among nodes; another one after each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NodeKey(pub(crate) u64);

/// Names a tunnel and the node that has it. Whoever knows it can speak as its client: random, and in no log.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TunnelId {
    pub(crate) node: NodeKey,
    pub(crate) secret: u128,
}

impl TunnelId {
    /// A new one of a node.
    pub(crate) fn random(node: NodeKey) -> Self {
        Self { node, secret: rand::random() }
    }
}

/// 48 hexadecimal digits: 16 of the node, 32 of the secret.
impl fmt::Display for TunnelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:032x}", self.node.0, self.secret)
    }
}

impl FromStr for TunnelId {
    type Err = NoTunnelId;

    fn from_str(text: &str) -> Result<Self, NoTunnelId> {
        let is_hex = text.len() == 48 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (node, secret) = is_hex.then(|| text.split_at(16)).ok_or(NoTunnelId)?;
        let node = NodeKey(u64::from_str_radix(node, 16).map_err(|_| NoTunnelId)?);
        Ok(Self { node, secret: u128::from_str_radix(secret, 16).map_err(|_| NoTunnelId)? })
    }
}

/// It is not the name of a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a link's name has 48 hexadecimal digits")]
pub(crate) struct NoTunnelId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_as_it_was_written_and_nothing_else_is_one() {
        let id = TunnelId::random(NodeKey(7));
        assert!(id.to_string().parse() == Ok(id));
        for text in ["", "12", &"g".repeat(48), &"+".repeat(48), &"1".repeat(49), &"é".repeat(24)] {
            assert!(text.parse::<TunnelId>() == Err(NoTunnelId), "{text}");
        }
    }
}
