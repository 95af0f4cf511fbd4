//! Counts by key over about the last minute, such as of each board's events.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    time::{Duration, Instant},
};

/// The length of a slice of the last minute.
const SLICE: Duration = Duration::from_secs(10);
const SLICES: usize = 6;
/// The most keys in one slice. Further keys are not counted in it.
const MAX_KEYS: usize = 4096;

/// Counts by key over the last minute, in slices of ten seconds.
#[derive(Debug)]
pub struct Tally<K> {
    /// The start and the counts of each slice, newest first.
    slices: VecDeque<(Instant, HashMap<K, u64>)>,
}

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self { slices: VecDeque::new() }
    }
}

impl<K: Clone + Eq + Hash + Ord> Tally<K> {
    /// Adds `times` to a key's count.
    pub fn count(&mut self, key: &K, times: u64, now: Instant) {
        if self.slices.front().is_none_or(|(begun, _)| now.duration_since(*begun) >= SLICE) {
            self.slices.push_front((now, HashMap::new()));
            self.slices.truncate(SLICES);
        }
        let Some((_, counts)) = self.slices.front_mut() else { return };
        if let Some(count) = counts.get_mut(key) {
            *count += times;
        } else if counts.len() < MAX_KEYS {
            counts.insert(key.clone(), times);
        }
    }

    /// Returns the counts of the last minute.
    #[must_use]
    pub fn counts(&self, now: Instant) -> HashMap<K, u64> {
        let mut counts = HashMap::new();
        let recent = self.slices.iter().filter(|(begun, _)| now.duration_since(*begun) < SLICE * SLICES as u32);
        for (key, count) in recent.flat_map(|(_, counts)| counts) {
            *counts.entry(key.clone()).or_default() += count;
        }
        counts
    }

    /// Returns the keys with the highest counts, at most `most` of them, each with its count.
    #[must_use]
    pub fn busiest(&self, most: usize, now: Instant) -> Vec<(K, u64)> {
        let mut counts: Vec<_> = self.counts(now).into_iter().collect();
        counts.sort_by(|(one, fewer), (other, more)| more.cmp(fewer).then_with(|| one.cmp(other)));
        counts.truncate(most);
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_of_the_last_minute_come_first() {
        let (start, mut tally) = (Instant::now(), Tally::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        tally.count(&"old", 9, at(0));
        tally.count(&"a", 2, at(30));
        tally.count(&"b", 1, at(31));
        tally.count(&"b", 1, at(55));
        tally.count(&"c", 3, at(55));
        assert_eq!(tally.busiest(3, at(55)), [("old", 9), ("c", 3), ("a", 2)]);
        assert_eq!(tally.busiest(9, at(61)), [("c", 3), ("a", 2), ("b", 2)]);
        assert_eq!(tally.busiest(9, at(200)), []);
    }

    #[test]
    fn the_list_does_not_grow_beyond_its_limit() {
        let (start, mut tally) = (Instant::now(), Tally::default());
        for second in 0..100 {
            for key in 0..2 * MAX_KEYS {
                tally.count(&key, 1, start + Duration::from_secs(second * 10));
            }
        }
        assert_eq!(tally.slices.len(), SLICES);
        assert!(tally.slices.iter().all(|(_, counts)| counts.len() == MAX_KEYS));
    }
}
