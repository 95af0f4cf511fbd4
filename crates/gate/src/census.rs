//! How many there are at the same time, in all and of each user and address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// How many places there are.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    /// On this node.
    pub in_all: usize,
    /// For one user.
    pub per_user: usize,
    /// For one address.
    pub per_address: usize,
}

/// The places that are taken.
#[derive(Default)]
pub(crate) struct Census {
    counts: Mutex<HashMap<Counted, usize>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Node,
    User(String),
    Address(IpAddr),
}

/// A place among those who are connected; free again when dropped.
pub struct Seat {
    census: Arc<Census>,
    counted: Vec<Counted>,
}

impl Census {
    /// A place, if there is one.
    pub(crate) fn seat(self: &Arc<Self>, places: &Places, user: &str, address: Option<IpAddr>) -> Option<Seat> {
        let mut wanted = vec![(Counted::Node, places.in_all), (Counted::User(user.to_owned()), places.per_user)];
        wanted.extend(address.map(|address| (Counted::Address(address), places.per_address)));
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted.iter().any(|(counted, max)| counts.get(counted).is_some_and(|count| count >= max)) {
            return None;
        }
        for (counted, _) in &wanted {
            *counts.entry(counted.clone()).or_default() += 1;
        }
        Some(Seat { census: Arc::clone(self), counted: wanted.into_iter().map(|(counted, _)| counted).collect() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.census.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for counted in &self.counted {
            if let Some(count) = counts.get_mut(counted) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(counted);
                }
            }
        }
    }
}
