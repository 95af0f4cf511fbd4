//! How many there are at the same time, in all and of each user and address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use boardwire_rate_limit::customer;

/// How many places there are.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    /// On this node.
    pub in_all: usize,
    /// For one user.
    pub per_user: usize,
    /// For one address; of IPv6 for a /64, which is what one customer has.
    pub per_address: usize,
}

/// The places that are taken.
#[derive(Default)]
pub struct Census {
    counts: Mutex<HashMap<Counted, usize>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Node,
    User(String),
    Address(IpAddr),
}

/// A place that is taken; free again when dropped.
pub struct Seat {
    census: Arc<Census>,
    counted: Vec<Counted>,
}

impl Census {
    /// A place for one more from an address, if fewer than `max` have one.
    #[must_use]
    pub fn one_more(self: &Arc<Self>, address: IpAddr, max: usize) -> Option<Seat> {
        self.take(vec![(Counted::Address(customer(address)), max)])
    }

    /// A place among those who are connected, if there is one.
    pub(crate) fn seat(self: &Arc<Self>, places: &Places, user: &str, address: Option<IpAddr>) -> Option<Seat> {
        let mut wanted = vec![(Counted::Node, places.in_all), (Counted::User(user.to_owned()), places.per_user)];
        wanted.extend(address.map(|address| (Counted::Address(customer(address)), places.per_address)));
        self.take(wanted)
    }

    fn take(self: &Arc<Self>, wanted: Vec<(Counted, usize)>) -> Option<Seat> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_counted_once_however_it_is_written() {
        let census = Arc::new(Census::default());
        let places = Places { in_all: 9, per_user: 9, per_address: 1 };
        let seat = |address: &str| census.seat(&places, "ann", address.parse().ok());
        let seats = [seat("203.0.113.1"), seat("2001:db8:0:1::1"), seat("2001:db8:0:2::1")];
        assert!(seats.iter().all(Option::is_some));
        assert!(seat("::ffff:203.0.113.1").is_none());
        assert!(seat("2001:db8:0:1:ffff::1").is_none());
        drop(seats);
        assert!(seat("::ffff:203.0.113.1").is_some());
    }
}
