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
    _of_address: Option<ConnectionPermit>,
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
    /// address without unauthenticated connections waits until one may be or a slot is free; any other address gets no
    /// slot, and its connection must be cut. One caller waits at a time.
    pub(crate) async fn take(&self, address: Option<IpAddr>) -> Option<ConnectionSlot> {
        let of_address = match address {
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
            _of_address: of_address,
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
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;
    use tokio_util::sync::CancellationToken;

    use super::*;

    const A: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 1)));
    const B: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 2)));
    const C: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 3)));

    /// Opens a connection, which gives its slot back when it is cut, as the listener does.
    async fn connect(slots: &ConnectionSlots, address: Option<IpAddr>) -> Option<TcpConnection> {
        let slot = slots.take(address).await?;
        Some(begin(slot, &[]))
    }

    /// Opens a connection over a proxy, with a request from each of `clients`.
    async fn connect_over_proxy(slots: &ConnectionSlots, clients: &[Option<IpAddr>]) -> TcpConnection {
        begin(slots.take(None).await.unwrap(), clients)
    }

    fn begin(slot: ConnectionSlot, clients: &[Option<IpAddr>]) -> TcpConnection {
        let connection = TcpConnection::new(CancellationToken::new());
        slot.hold(&connection);
        clients.iter().for_each(|client| slot.note_client(client.unwrap(), &connection));
        let over = connection.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = over.closed() => return,
                () = over.authenticated() => slot.keep(),
            }
            over.closed().await;
        });
        connection
    }

    async fn fill(slots: &ConnectionSlots, with: &[(Option<IpAddr>, usize)]) -> Vec<TcpConnection> {
        let mut connections = Vec::new();
        for &(address, count) in with {
            for _ in 0..count {
                connections.push(connect(slots, address).await.unwrap());
            }
        }
        connections
    }

    async fn waits(slots: &ConnectionSlots, address: Option<IpAddr>) -> bool {
        timeout(Duration::from_millis(20), slots.take(address)).await.is_err()
    }

    fn cut(connections: &[TcpConnection]) -> Vec<usize> {
        (0..connections.len()).filter(|&n| connections[n].is_closed()).collect()
    }

    #[tokio::test]
    async fn the_oldest_connection_of_the_busiest_address_makes_room_until_all_have_the_same() {
        let slots = ConnectionSlots::new(SlotLimits { total: 8, per_address: 6 });
        let connections = fill(&slots, &[(A, 5), (B, 3)]).await;
        assert!(connect(&slots, A).await.is_none(), "the busiest gets no more");
        assert!(connect(&slots, B).await.is_some());
        assert_eq!(cut(&connections), [0]);
        assert!(connect(&slots, B).await.is_none(), "four each");
        for n in 1..=2 {
            assert!(connect(&slots, C).await.is_some(), "{n}");
        }
        assert_eq!((cut(&connections).len(), connect(&slots, C).await.is_none()), (3, true), "three, three and two");
        assert_eq!(slots.free.available_permits(), 0);
    }

    #[tokio::test]
    async fn authenticated_connections_are_neither_cut_nor_counted() {
        let slots = ConnectionSlots::new(SlotLimits { total: 6, per_address: 6 });
        let connections = fill(&slots, &[(A, 4), (B, 2)]).await;
        connections[..3].iter().for_each(TcpConnection::note_authenticated);
        tokio::task::yield_now().await;
        assert!(connect(&slots, A).await.is_none(), "one each, and two of another");
        assert!(connect(&slots, C).await.is_some());
        assert_eq!(cut(&connections), [4]);
        // A connection that has authenticated but is still in the list is not cut either.
        let slots = ConnectionSlots::new(SlotLimits { total: 2, per_address: 2 });
        let connections = fill(&slots, &[(A, 2)]).await;
        connections[0].note_authenticated();
        assert!(!slots.unauthenticated.make_room(B));
        assert_eq!(cut(&connections), [0_usize; 0]);
    }

    #[tokio::test]
    async fn an_address_without_connections_waits_if_none_can_be_cut() {
        let slots = ConnectionSlots::new(SlotLimits { total: 3, per_address: 3 });
        let connections = fill(&slots, &[(None, 2), (A, 1)]).await;
        assert!(waits(&slots, B).await && waits(&slots, None).await);
        connections[2].note_authenticated();
        assert!(waits(&slots, B).await && waits(&slots, A).await);
        assert!(cut(&connections).is_empty());
        connections[0].cut();
        assert!(connect(&slots, B).await.is_some());
    }

    #[tokio::test]
    async fn clients_behind_a_proxy_make_room_like_direct_ones() {
        let slots = ConnectionSlots::new(SlotLimits { total: 6, per_address: 3 });
        let mut connections = vec![connect_over_proxy(&slots, &[]).await];
        for clients in [&[A][..], &[A, A], &[A], &[B], &[A, B, A]] {
            connections.push(connect_over_proxy(&slots, clients).await);
        }
        assert_eq!((slots.unauthenticated.count(A), slots.unauthenticated.count(B)), (4, 1));
        assert!(connect(&slots, C).await.is_some());
        connect_over_proxy(&slots, &[C]).await;
        assert_eq!(cut(&connections), [1, 2], "the oldest of the client that has most");
        assert!(connect(&slots, A).await.is_none(), "whatever way they came");
        assert_eq!(
            (slots.unauthenticated.count(A), slots.unauthenticated.count(B), slots.unauthenticated.count(C)),
            (2, 1, 2)
        );
        // An authenticated client is not listed again at its next request.
        let slot = ConnectionSlots::new(SlotLimits { total: 1, per_address: 1 }).take(None).await.unwrap();
        let connection = TcpConnection::new(CancellationToken::new());
        slot.note_client(A.unwrap(), &connection);
        assert_eq!(slot.unauthenticated.count(A), 1);
        connection.note_authenticated();
        slot.keep();
        slot.note_client(B.unwrap(), &connection);
        assert_eq!((slot.unauthenticated.count(A), slot.unauthenticated.count(B)), (0, 0));
    }

    #[tokio::test]
    async fn a_waiting_connection_gets_a_slot_once_a_proxy_names_a_client() {
        let slots = ConnectionSlots::new(SlotLimits { total: 2, per_address: 2 });
        let (first, second) = (slots.take(None).await.unwrap(), slots.take(None).await.unwrap());
        let connections = [TcpConnection::new(CancellationToken::new()), TcpConnection::new(CancellationToken::new())];
        let requests = async {
            assert!(waits(&slots, B).await);
            first.note_client(A.unwrap(), &connections[0]);
            assert!(waits(&slots, B).await, "nobody has two");
            let (newcomer, ()) = tokio::join!(slots.take(B), async {
                tokio::task::yield_now().await;
                second.note_client(A.unwrap(), &connections[1]);
                connections[0].closed().await;
                drop(first);
            });
            assert!(newcomer.is_some() && !connections[1].is_closed());
        };
        timeout(Duration::from_secs(30), requests).await.unwrap();
    }

    #[tokio::test]
    async fn connections_that_have_ended_leave_the_list() {
        let slots = ConnectionSlots::new(SlotLimits { total: 100, per_address: 50 });
        let connections = fill(&slots, &[(A, 50), (B, 50)]).await;
        connections.iter().step_by(2).for_each(TcpConnection::note_authenticated);
        connections.iter().for_each(TcpConnection::cut);
        let _all = timeout(Duration::from_secs(30), slots.free.acquire_many(100)).await.unwrap().unwrap();
        let list = slots.unauthenticated.lock();
        assert!(list.by_address.is_empty() && list.counts.is_empty());
    }
}
