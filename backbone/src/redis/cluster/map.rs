use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::slot::{SLOTS, slot};
use crate::redis::RedisHost;

/// Which primary has which slot, and where slots are on their way.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Map {
    /// The primaries that have slots, in no particular but always the same order.
    pub(super) primaries: Vec<RedisHost>,
    /// Everybody else who can be asked.
    pub(super) others: Vec<RedisHost>,
    /// For each slot an index of `primaries`, or `NOBODY`.
    owners: Vec<u16>,
    /// Slots that migrate, and where to, an index of `primaries` or a primary that has no slots yet.
    pub(super) migrating: BTreeMap<u16, RedisHost>,
}

const NOBODY: u16 = u16::MAX;

/// What one server says of the cluster: its answer to `CLUSTER NODES`.
pub(super) struct View {
    nodes: Vec<Node>,
}

struct Node {
    name: String,
    host: RedisHost,
    is_primary: bool,
    /// The greater one is right where two claim a slot.
    epoch: u64,
    slots: Vec<(u16, u16)>,
    /// Slots that it gives away, and the name of who gets them; it alone tells.
    gives: Vec<(u16, String)>,
}

impl Map {
    /// Nothing is known yet.
    pub(super) fn empty() -> Self {
        Self {
            primaries: Vec::new(),
            others: Vec::new(),
            owners: vec![NOBODY; SLOTS.into()],
            migrating: BTreeMap::new(),
        }
    }

    /// What several servers say together; of two who claim a slot, the later elected has it. A primary that was
    /// replaced and does not know it yet is outvoted by whoever does.
    pub(super) fn of<'a>(views: impl IntoIterator<Item = &'a View>) -> Self {
        let mut nodes: Vec<&Node> = views.into_iter().flat_map(|view| &view.nodes).collect();
        nodes.sort_by(|one, other| (&one.name, one.epoch).cmp(&(&other.name, other.epoch)));
        let hosts: HashMap<&str, &RedisHost> =
            nodes.iter().map(|node| (node.name.as_str(), &node.host)).collect();
        let mut claims: Vec<Option<&Node>> = vec![None; SLOTS.into()];
        for node in nodes.iter().filter(|node| node.is_primary) {
            for slot in node.slots.iter().flat_map(|&(first, last)| first..=last) {
                let claim = &mut claims[usize::from(slot)];
                if claim.is_none_or(|other| other.epoch <= node.epoch) {
                    *claim = Some(node);
                }
            }
        }
        let mut primaries: Vec<RedisHost> = claims.iter().flatten().map(|node| node.host.clone()).collect();
        primaries.sort();
        primaries.dedup();
        let index = |node: &Node| {
            let index = primaries.binary_search(&node.host).ok()?;
            u16::try_from(index).ok()
        };
        let owners = claims.iter().map(|claim| claim.and_then(index).unwrap_or(NOBODY)).collect();
        let mut others: Vec<RedisHost> = nodes.iter().map(|node| node.host.clone()).collect();
        others.sort();
        others.dedup();
        others.retain(|host| primaries.binary_search(host).is_err());
        let gives = nodes.iter().flat_map(|node| node.gives.iter().map(move |give| (*node, give)));
        let migrating = gives
            .filter(|(node, (slot, _))| {
                claims[usize::from(*slot)].is_some_and(|owner| owner.name == node.name)
            })
            .filter_map(|(_, (slot, to))| Some((*slot, (*hosts.get(to.as_str())?).clone())))
            .collect();
        Self { primaries, others, owners, migrating }
    }

    /// Who has the slot.
    pub(super) fn owner(&self, slot: u16) -> Option<&RedisHost> {
        self.primaries.get(usize::from(self.owners[usize::from(slot)]))
    }

    /// Who has the key's slot.
    pub(super) fn owner_of_key(&self, key: &str) -> Option<&RedisHost> {
        self.owner(slot(key))
    }

    /// Whether every slot has a primary.
    pub(super) fn is_whole(&self) -> bool {
        !self.owners.contains(&NOBODY)
    }
}

impl fmt::Debug for Map {
    /// Without the slots, which are many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map")
            .field("primaries", &self.primaries)
            .field("migrating", &self.migrating)
            .finish_non_exhaustive()
    }
}

impl View {
    /// Reads an answer of the server at `asked`; lines that make no sense, of servers without an address too, are
    /// left out. With TLS the names count, as certificates are for names.
    pub(super) fn read(text: &str, asked: &RedisHost, by_name: bool) -> Self {
        Self { nodes: text.lines().filter_map(|line| Node::read(line, asked, by_name)).collect() }
    }
}

impl Node {
    /// `name address flags primary ping pong epoch link slot slot …`, see the documentation of `CLUSTER NODES`.
    fn read(line: &str, asked: &RedisHost, by_name: bool) -> Option<Self> {
        let mut words = line.split(' ');
        let (name, address, flags) = (words.next()?, words.next()?, words.next()?);
        let epoch = words.nth(3)?.parse().ok()?;
        if flags.split(',').any(|flag| flag == "noaddr" || flag == "handshake") {
            return None;
        }
        let mut slots = Vec::new();
        let mut gives = Vec::new();
        for word in words.skip(1) {
            match word.strip_prefix('[') {
                Some(moving) => gives.extend(read_give(moving)),
                None => slots.push(read_range(word)?),
            }
        }
        Some(Self {
            name: name.to_owned(),
            host: read_host(address, asked, by_name)?,
            is_primary: flags.split(',').any(|flag| flag == "master"),
            epoch,
            slots,
            gives,
        })
    }
}

/// `host:port@busport,name,…`; the host is empty where a server does not know its own.
fn read_host(text: &str, asked: &RedisHost, by_name: bool) -> Option<RedisHost> {
    let mut parts = text.split(',');
    let (host, port) = parts.next()?.split('@').next()?.rsplit_once(':')?;
    let name = parts.next().filter(|name| by_name && !name.is_empty() && !name.contains('='));
    let host = match name.unwrap_or(host) {
        "" | "?" => &asked.name,
        host => host,
    };
    Some(RedisHost { name: host.to_owned(), port: port.parse().ok().filter(|&port| port != 0)? })
}

/// `4` or `0-5460`.
fn read_range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last && last < SLOTS).then_some((first, last))
}

/// `4->-NAME]`; `4-<-NAME]`, what the other side says, is nothing new.
fn read_give(text: &str) -> Option<(u16, String)> {
    let (slot, to) = text.strip_suffix(']')?.split_once("->-")?;
    Some((slot.parse().ok().filter(|&slot| slot < SLOTS)?, to.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: &str = "\
aaa 10.0.0.1:7000@17000,one.test myself,master - 0 0 1 connected 0-5460 [93->-bbb]
bbb 10.0.0.2:7000@17000 master - 0 1 2 connected 5461-10922 10930
ccc 10.0.0.3:7000@17000 master,fail - 0 1 3 disconnected 10923-10929 10931-16383
ddd 10.0.0.4:7000@17000 slave ccc 0 1 3 connected
eee :0@0 master,noaddr - 0 1 9 disconnected 0-16383
";

    #[test]
    fn slots_have_primaries_and_perhaps_a_way_to_go() {
        let map = map(&[NODES]);
        assert!(map.is_whole());
        assert_eq!(map.primaries, [host("10.0.0.1"), host("10.0.0.2"), host("10.0.0.3")]);
        assert_eq!(map.others, [host("10.0.0.4")]);
        for (slot, owner) in [(0, 1), (5460, 1), (5461, 2), (10_930, 2), (10_929, 3), (16_383, 3)] {
            assert_eq!(map.owner(slot), Some(&host(&format!("10.0.0.{owner}"))), "{slot}");
        }
        assert_eq!(map.migrating, [(93, host("10.0.0.2"))].into());
    }

    #[test]
    fn a_primary_that_was_replaced_is_outvoted() {
        let later = "\
ccc 10.0.0.3:7000@17000 master,fail - 0 1 3 disconnected
ddd 10.0.0.4:7000@17000 myself,master - 0 1 4 connected 10923-10929 10931-16383
";
        for views in [[NODES, later], [later, NODES]] {
            assert_eq!(map(&views).owner(16_383), Some(&host("10.0.0.4")));
        }
    }

    #[test]
    fn what_is_given_by_who_does_not_have_it_is_not_under_way() {
        let later = "bbb 10.0.0.2:7000@17000 myself,master - 0 1 5 connected 93 5461-10922 10930\n";
        let map = map(&[NODES, later]);
        assert_eq!(map.owner(93), Some(&host("10.0.0.2")));
        assert!(map.migrating.is_empty());
    }

    #[test]
    fn slots_that_nobody_has_are_missing() {
        let map = map(&["aaa :7000@17000 myself,master - 0 0 1 connected 0-16382\n"]);
        assert!(!map.is_whole());
        assert_eq!(map.owner(16_383), None);
        assert_eq!(map.owner(0), Some(&host("asked.test")));
    }

    #[test]
    fn over_tls_servers_go_by_their_names() {
        let view = View::read(NODES, &host("asked.test"), true);
        assert_eq!(Map::of(&[view]).owner(0), Some(&host("one.test")));
    }

    fn map(texts: &[&str]) -> Map {
        let views: Vec<View> =
            texts.iter().map(|text| View::read(text, &host("asked.test"), false)).collect();
        Map::of(&views)
    }

    fn host(name: &str) -> RedisHost {
        RedisHost { name: name.to_owned(), port: 7000 }
    }
}
