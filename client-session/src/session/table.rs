/// A map in the order of its keys, kept as one sorted list.
///
/// A client has few of everything, and what it adds mostly comes last, so a list is as fast as a tree. Every page
/// downloads this code: each `BTreeMap` of other types would be eight kilobytes more.
#[derive(Clone, Debug)]
pub(super) struct Table<K, V>(Vec<(K, V)>);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> Table<K, V> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Table<K, V> {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn contains(&self, key: &K) -> bool {
        self.find(key).is_ok()
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.find(key).ok().map(|at| &self.0[at].1)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.find(key).ok().map(|at| &mut self.0[at].1)
    }

    /// Sets a key's value.
    pub(super) fn insert(&mut self, key: K, value: V) {
        match self.find(&key) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    /// A key's value, which is made where there is none.
    pub(super) fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let at = match self.find(&key) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (key, make()));
                at
            }
        };
        &mut self.0[at].1
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        self.find(key).ok().map(|at| self.0.remove(at).1)
    }

    /// Takes out what the function says yes to; `dyn`, so that there is one of this for each table, not for each use.
    pub(super) fn take(&mut self, wanted: &mut dyn FnMut(&mut (K, V)) -> bool) -> Self {
        Self(self.0.extract_if(.., wanted).collect())
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn find(&self, key: &K) -> Result<usize, usize> {
        self.0.binary_search_by(|(one, _)| one.cmp(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_its_keys_in_order_and_one_value_for_each() {
        let mut table = Table::default();
        for (key, value) in [(3, 'c'), (1, 'a'), (2, 'b'), (3, 'd')] {
            table.insert(key, value);
        }
        *table.get_or_insert_with(2, || 'x') = 'B';
        table.get_or_insert_with(0, || 'z');

        assert_eq!(table.len(), 4);
        assert_eq!(table.get(&3), Some(&'d'));
        assert_eq!(table.remove(&1), Some('a'));
        assert_eq!(table.remove(&1), None);
        assert!(!table.contains(&1));
        assert_eq!(table.take(&mut |(key, _)| *key == 3).0, [(3, 'd')]);
        assert_eq!(table.values().collect::<String>(), "zB");
        assert_eq!(table.keys().collect::<Vec<_>>(), [&0, &2]);
    }
}
