//! The slots for connections: which connection gets one, and which is cut to make room when none is free. Slots held by
//! unauthenticated connections are shared evenly among addresses.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use boardwire_gate::{ConnectionLimiter, ConnectionPermit, TcpConnection};
use boardwire_rate_limit::client_network;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How many connections are accepted at the same time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SlotLimits {
    /// The limit for all addresses together.
    pub(crate) total: usize,
    /// The limit for one address that is not a proxy's; further connections are cut at once.
    pub(crate) per_address: usize,
}

/// All slots.
pub(crate) struct ConnectionSlots {
    free: Arc<Semaphore>,
    connection_limiter: Arc<ConnectionLimiter>,
    per_address: usize,
    unauthenticated: Arc<Unauthenticated>,
}

/// A slot in use; it is freed when dropped.
pub(crate) struct ConnectionSlot {
    /// The connection's entry in the list while it is unauthenticated. Declared before the permit, so that it is dropped
    /// first: a connection in the list still holds its slot.
    entry: Mutex<Option<Entry>>,
    address: Option<IpAddr>,
    unauthenticated: Arc<Unauthenticated>,
    _address_permit: Option<ConnectionPermit>,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionSlots {
    pub(crate) fn new(limits: SlotLimits) -> Self {
        Self {
            free: Arc::new(Semaphore::new(limits.total.min(Semaphore::MAX_PERMITS))),
            connection_limiter: Arc::default(),
            per_address: limits.per_address,
            unauthenticated: Arc::default(),
        }
    }

    /// Returns a slot for a connection from `address` (for IPv6, from its /64); `None` is a trusted proxy, which stands
    /// for many clients. If no slot is free, an unauthenticated connection is cut to make room. If none may be cut, an
    /// address without unauthenticated connections waits until a slot is free or one may be cut; any other address gets
    /// no slot, and its connection must be cut. One caller waits at a time.
    pub(crate) async fn take(&self, address: Option<IpAddr>) -> Option<ConnectionSlot> {
        let address_permit = match address {
            Some(address) => Some(self.connection_limiter.acquire_for_address(address, self.per_address)?),
            None => None,
        };
        let permit = loop {
            let free = Arc::clone(&self.free);
            if let Ok(permit) = Arc::clone(&free).try_acquire_owned() {
                break permit;
            }
            if self.unauthenticated.make_room(address) {
                break free.acquire_owned().await.ok()?;
            }
            if self.unauthenticated.count(address) > 0 {
                return None;
            }
            tokio::select! {
                permit = free.acquire_owned() => break permit.ok()?,
                () = self.unauthenticated.added.notified() => {}
            }
        };
        let unauthenticated = Arc::clone(&self.unauthenticated);
        Some(ConnectionSlot {
            entry: Mutex::default(),
            address,
            unauthenticated,
            _address_permit: address_permit,
            _permit: permit,
        })
    }
}

impl ConnectionSlot {
    /// Records which connection holds the slot. Until it authenticates, it may be cut to make room; a proxy's connection
    /// only once a request has named a client.
    pub(crate) fn hold(&self, connection: &TcpConnection) {
        if let Some(address) = self.address {
            self.add_to_list(address, connection);
        }
    }

    /// Records that a request from `client` came over the connection. A proxy's connection counts as that client's until
    /// it brings a request from another one.
    pub(crate) fn note_client(&self, client: IpAddr, connection: &TcpConnection) {
        if self.address.is_none() {
            self.add_to_list(client_network(client), connection);
        }
    }

    /// Records that the connection has authenticated. Unless it has been cut already, it will not be cut to make room.
    pub(crate) fn keep(&self) {
        *self.entry() = None;
    }

    fn add_to_list(&self, address: IpAddr, connection: &TcpConnection) {
        if connection.is_authenticated() {
            return;
        }
        let mut entry = self.entry();
        if entry.as_ref().is_none_or(|entry| entry.address != address) {
            *entry = Some(self.unauthenticated.add(address, connection));
        }
    }

    fn entry(&self) -> MutexGuard<'_, Option<Entry>> {
        self.entry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The unauthenticated connections: those that may be cut to make room.
#[derive(Default)]
struct Unauthenticated {
    list: Mutex<List>,
    /// Notified when a connection has been added to the list: one may now be cut to make room.
    added: Notify,
}

#[derive(Default)]
struct List {
    /// The number of the newest entry. Entries are numbered in the order in which they were added.
    last_number: u64,
    by_address: HashMap<IpAddr, BTreeMap<u64, TcpConnection>>,
    /// How many connections each address has, so that the last element is the address with the most.
    counts: BTreeSet<(usize, IpAddr)>,
}

/// An entry in the list; removed when dropped.
struct Entry {
    unauthenticated: Arc<Unauthenticated>,
    address: IpAddr,
    number: u64,
}

impl Unauthenticated {
    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(self: &Arc<Self>, address: IpAddr, connection: &TcpConnection) -> Entry {
        let mut list = self.lock();
        list.last_number += 1;
        let number = list.last_number;
        list.change(address, |connections| connections.insert(number, connection.clone()));
        self.added.notify_one();
        Entry { unauthenticated: Arc::clone(self), address, number }
    }

    /// Returns how many connections in the list are from an address. `None`, a proxy whose client is not known yet, has
    /// none.
    fn count(&self, address: Option<IpAddr>) -> usize {
        self.lock().count(address)
    }

    /// Cuts the oldest connection of the address that has the most, if that has at least two more than `newcomer`.
    /// Returns whether one was cut; its slot will be free as soon as it has ended.
    fn make_room(&self, newcomer: Option<IpAddr>) -> bool {
        let mut list = self.lock();
        let own = list.count(newcomer);
        while let Some(&(most, busiest)) = list.counts.last()
            && own + 1 < most
            && let Some((_, connection)) = list.change(busiest, BTreeMap::pop_first)
        {
            // A client that has just authenticated is still listed.
            if !connection.is_authenticated() {
                connection.cut();
                return true;
            }
        }
        false
    }
}

impl List {
    fn count(&self, address: Option<IpAddr>) -> usize {
        address.and_then(|address| self.by_address.get(&address)).map_or(0, BTreeMap::len)
    }

    /// Changes the connections of an address, and updates its count.
    fn change<T>(&mut self, address: IpAddr, change: impl FnOnce(&mut BTreeMap<u64, TcpConnection>) -> T) -> T {
        let connections = self.by_address.entry(address).or_default();
        self.counts.remove(&(connections.len(), address));
        let changed = change(connections);
        let count = connections.len();
        if count == 0 {
            self.by_address.remove(&address);
        } else {
            self.counts.insert((count, address));
        }
        changed
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.unauthenticated.lock().change(self.address, |connections| connections.remove(&self.number));
    }
}

#[cfg(test)]
mod tests;
