//! A map that also keeps its keys in the order of last use. Looking a key up, touching it, adding one and removing the
//! oldest take O(1). The shard decides when to remove a key.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

/// The index of no slot.
const NONE: usize = usize::MAX;

/// A hash map whose entries are linked in the order of last use.
#[derive(Debug)]
pub(crate) struct LruMap<K, V, S> {
    /// The index of each key's slot.
    indices: HashMap<K, usize, S>,
    /// The entries, and free slots, which are linked through `newer`.
    slots: Vec<Slot<K, V>>,
    /// The index of the first free slot.
    free: usize,
    /// The index of the key used longest ago.
    oldest: usize,
    /// The index of the key used last.
    newest: usize,
}

#[derive(Debug)]
struct Slot<K, V> {
    /// `None` in a free slot.
    entry: Option<(K, V)>,
    /// The index of the entry used just before this one.
    older: usize,
    /// The index of the entry used just after this one.
    newer: usize,
}

impl<K: Hash + Eq + Clone, V, S: BuildHasher> LruMap<K, V, S> {
    pub(crate) fn new(hasher: S) -> Self {
        let indices = HashMap::with_hasher(hasher);
        Self { indices, slots: Vec::new(), free: NONE, oldest: NONE, newest: NONE }
    }

    pub(crate) fn len(&self) -> usize {
        self.indices.len()
    }

    /// Returns the value of `key`, without changing the order.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let index = *self.indices.get(key)?;
        self.slots[index].entry.as_mut().map(|(_, value)| value)
    }

    /// Makes `key` the newest; does nothing if it is not there.
    pub(crate) fn touch(&mut self, key: &K) {
        if let Some(&index) = self.indices.get(key)
            && index != self.newest
        {
            self.unlink(index);
            self.link_newest(index);
        }
    }

    /// Adds `key`, which must not be there yet, as the newest.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        let slot = Slot { entry: Some((key.clone(), value)), older: NONE, newer: NONE };
        let index = if self.free == NONE {
            self.slots.push(slot);
            self.slots.len() - 1
        } else {
            let index = self.free;
            self.free = self.slots[index].newer;
            self.slots[index] = slot;
            index
        };
        self.link_newest(index);
        self.indices.insert(key, index);
    }

    /// Returns the value of the key that was touched longest ago.
    pub(crate) fn oldest(&self) -> Option<&V> {
        self.slots.get(self.oldest)?.entry.as_ref().map(|(_, value)| value)
    }

    /// Removes the key that was touched longest ago.
    pub(crate) fn remove_oldest(&mut self) {
        let index = self.oldest;
        let Some(slot) = self.slots.get_mut(index) else { return };
        let entry = slot.entry.take();
        self.unlink(index);
        self.slots[index].newer = self.free;
        self.free = index;
        if let Some((key, _)) = entry {
            self.indices.remove(&key);
        }
    }

    fn unlink(&mut self, index: usize) {
        let Slot { older, newer, .. } = self.slots[index];
        match self.slots.get_mut(older) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
        match self.slots.get_mut(newer) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
    }

    fn link_newest(&mut self, index: usize) {
        let last = std::mem::replace(&mut self.newest, index);
        self.slots[index].older = last;
        self.slots[index].newer = NONE;
        match self.slots.get_mut(last) {
            Some(slot) => slot.newer = index,
            None => self.oldest = index,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::hash::RandomState;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Compares the map with a plain queue of keys and values.
        #[test]
        fn keys_stay_in_the_order_of_last_use(steps in proptest::collection::vec((0_u8..4, 0_u8..12), 0..200)) {
            let mut map = LruMap::new(RandomState::new());
            let mut model: VecDeque<(u8, u8)> = VecDeque::new();
            for (action, key) in steps {
                let known = model.iter().position(|(known, _)| *known == key);
                match (action, known) {
                    (0, _) => {
                        map.remove_oldest();
                        model.pop_front();
                    }
                    (_, Some(index)) => {
                        map.touch(&key);
                        let entry = model.remove(index).unwrap();
                        model.push_back(entry);
                    }
                    (_, None) => {
                        map.insert(key, action);
                        model.push_back((key, action));
                    }
                }
                prop_assert_eq!(map.len(), model.len());
                prop_assert_eq!(map.oldest().copied(), model.front().map(|(_, value)| *value));
                for key in 0..12 {
                    let expected = model.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
                    prop_assert_eq!(map.get_mut(&key).copied(), expected);
                }
                prop_assert!(map.slots.len() <= 12);
            }
        }
    }
}
