//! How many connections there may be at the same time: in all, per user, and per address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use boardwire_rate_limit::client_network;

/// How many connections there may be at the same time.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// The limit on this node, in all.
    pub in_all: usize,
    /// The limit per user.
    pub per_user: usize,
    /// The limit per address; for IPv6 per /64, which one customer usually has.
    pub per_address: usize,
}

/// Counts connections and enforces their limits.
#[derive(Default)]
pub struct ConnectionLimiter {
    counts: Mutex<HashMap<Counted, usize>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Node,
    User(String),
    Address(IpAddr),
}

/// The permit of one connection. Dropping it makes room for another.
pub struct ConnectionPermit {
    connection_limiter: Arc<ConnectionLimiter>,
    counted: Vec<Counted>,
}

impl ConnectionLimiter {
    /// Returns a permit for one more connection from an address, if it has fewer than `max`.
    #[must_use]
    pub fn acquire_for_address(self: &Arc<Self>, address: IpAddr, max: usize) -> Option<ConnectionPermit> {
        self.take(vec![(Counted::Address(client_network(address)), max)])
    }

    /// Returns a permit for one more connection of a user from an address, if the limits allow it.
    pub(crate) fn acquire(
        self: &Arc<Self>,
        limits: &ConnectionLimits,
        user: &str,
        address: Option<IpAddr>,
    ) -> Option<ConnectionPermit> {
        let mut wanted = vec![(Counted::Node, limits.in_all), (Counted::User(user.to_owned()), limits.per_user)];
        wanted.extend(address.map(|address| (Counted::Address(client_network(address)), limits.per_address)));
        self.take(wanted)
    }

    fn take(self: &Arc<Self>, wanted: Vec<(Counted, usize)>) -> Option<ConnectionPermit> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted.iter().any(|(counted, max)| counts.get(counted).is_some_and(|count| count >= max)) {
            return None;
        }
        for (counted, _) in &wanted {
            *counts.entry(counted.clone()).or_default() += 1;
        }
        Some(ConnectionPermit {
            connection_limiter: Arc::clone(self),
            counted: wanted.into_iter().map(|(counted, _)| counted).collect(),
        })
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut counts = self.connection_limiter.counts.lock().unwrap_or_else(PoisonError::into_inner);
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
        let connection_limiter = Arc::new(ConnectionLimiter::default());
        let limits = ConnectionLimits { in_all: 9, per_user: 9, per_address: 1 };
        let permit = |address: &str| connection_limiter.acquire(&limits, "ann", address.parse().ok());
        let permits = [permit("203.0.113.1"), permit("2001:db8:0:1::1"), permit("2001:db8:0:2::1")];
        assert!(permits.iter().all(Option::is_some));
        assert!(permit("::ffff:203.0.113.1").is_none());
        assert!(permit("2001:db8:0:1:ffff::1").is_none());
        drop(permits);
        assert!(permit("::ffff:203.0.113.1").is_some());
    }
}
