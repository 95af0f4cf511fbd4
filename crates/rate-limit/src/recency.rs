//! Keys with their values in the order of last use, oldest first; touching, adding and dropping the oldest take O(1).
//! When to drop is the shard's to decide.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

const NOWHERE: usize = usize::MAX;

/// A hash map whose entries are linked in the order of last use.
#[derive(Debug)]
pub(crate) struct Recency<K, V, S> {
    places: HashMap<K, usize, S>,
    /// Entries and free places; `free` chains the latter through `newer`.
    slots: Vec<Slot<K, V>>,
    free: usize,
    oldest: usize,
    newest: usize,
}

#[derive(Debug)]
struct Slot<K, V> {
    entry: Option<(K, V)>,
    older: usize,
    newer: usize,
}

impl<K: Hash + Eq + Clone, V, S: BuildHasher> Recency<K, V, S> {
    pub(crate) fn new(hasher: S) -> Self {
        let places = HashMap::with_hasher(hasher);
        Self { places, slots: Vec::new(), free: NOWHERE, oldest: NOWHERE, newest: NOWHERE }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The value of `key`, which keeps its place in the order.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = *self.places.get(key)?;
        self.slots[place].entry.as_mut().map(|(_, value)| value)
    }

    /// Makes `key` the newest.
    pub(crate) fn touch(&mut self, key: &K) {
        if let Some(&place) = self.places.get(key)
            && place != self.newest
        {
            self.unlink(place);
            self.link_newest(place);
        }
    }

    /// Adds `key`, which must not be there yet, as the newest.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        let slot = Slot { entry: Some((key.clone(), value)), older: NOWHERE, newer: NOWHERE };
        let place = if self.free == NOWHERE {
            self.slots.push(slot);
            self.slots.len() - 1
        } else {
            let place = self.free;
            self.free = self.slots[place].newer;
            self.slots[place] = slot;
            place
        };
        self.link_newest(place);
        self.places.insert(key, place);
    }

    /// The value of the key that has not been touched for longest.
    pub(crate) fn oldest(&self) -> Option<&V> {
        self.slots.get(self.oldest)?.entry.as_ref().map(|(_, value)| value)
    }

    /// Drops the key that has not been touched for longest.
    pub(crate) fn drop_oldest(&mut self) {
        let place = self.oldest;
        let Some(slot) = self.slots.get_mut(place) else { return };
        let entry = slot.entry.take();
        self.unlink(place);
        self.slots[place].newer = self.free;
        self.free = place;
        if let Some((key, _)) = entry {
            self.places.remove(&key);
        }
    }

    fn unlink(&mut self, place: usize) {
        let Slot { older, newer, .. } = self.slots[place];
        match self.slots.get_mut(older) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
        match self.slots.get_mut(newer) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
    }

    fn link_newest(&mut self, place: usize) {
        let last = std::mem::replace(&mut self.newest, place);
        self.slots[place].older = last;
        self.slots[place].newer = NOWHERE;
        match self.slots.get_mut(last) {
            Some(slot) => slot.newer = place,
            None => self.oldest = place,
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
        /// Against a plain queue of (key, value).
        #[test]
        fn keeps_the_order_of_last_use(steps in proptest::collection::vec((0_u8..4, 0_u8..12), 0..200)) {
            let mut recency = Recency::new(RandomState::new());
            let mut model: VecDeque<(u8, u8)> = VecDeque::new();
            for (action, key) in steps {
                let known = model.iter().position(|(known, _)| *known == key);
                match (action, known) {
                    (0, _) => {
                        recency.drop_oldest();
                        model.pop_front();
                    }
                    (_, Some(place)) => {
                        recency.touch(&key);
                        let entry = model.remove(place).unwrap();
                        model.push_back(entry);
                    }
                    (_, None) => {
                        recency.insert(key, action);
                        model.push_back((key, action));
                    }
                }
                prop_assert_eq!(recency.len(), model.len());
                prop_assert_eq!(recency.oldest().copied(), model.front().map(|(_, value)| *value));
                for key in 0..12 {
                    let expected = model.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
                    prop_assert_eq!(recency.get_mut(&key).copied(), expected);
                }
                prop_assert!(recency.slots.len() <= 12);
            }
        }
    }
}
