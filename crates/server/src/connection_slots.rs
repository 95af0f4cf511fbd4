//! The slots for connections: which connection gets one, and which makes room when none is free. Slots are shared
//! evenly among addresses as far as strangers hold them: connections whose clients have not shown valid credentials.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use boardwire_gate::{ConnectionLimiter, ConnectionPermit, TcpConnection};
use boardwire_rate_limit::client_network;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How many connections are allowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// The limit for all addresses together.
    pub(crate) in_all: usize,
    /// The limit for one address that is not a proxy's; further connections are cut at once.
    pub(crate) per_address: usize,
}

/// All slots.
pub(crate) struct ConnectionSlots {
    free: Arc<Semaphore>,
    connection_limiter: Arc<ConnectionLimiter>,
    per_address: usize,
    strangers: Arc<Strangers>,
}

/// A slot in use; it is freed when dropped.
pub(crate) struct ConnectionSlot {
    /// Dropped first: the listed connection holds a slot, which is freed when it ends.
    stranger: Mutex<Option<Listed>>,
    address: Option<IpAddr>,
    strangers: Arc<Strangers>,
    _of_address: Option<ConnectionPermit>,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionSlots {
    pub(crate) fn new(room: Room) -> Self {
        Self {
            free: Arc::new(Semaphore::new(room.in_all.min(Semaphore::MAX_PERMITS))),
            connection_limiter: Arc::default(),
            per_address: room.per_address,
            strangers: Arc::default(),
        }
    }

    /// Returns a slot for a connection from `address`, with IPv6 from a /64; `None` is a trusted proxy, which stands
    /// for many clients. If none is free, a stranger must make room. If none can, an address without strangers waits
    /// until one can or a slot is free; any other address gets none, and its connection must be cut. One caller waits
    /// at a time.
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
            if self.strangers.make_room(address) {
                break free.acquire_owned().await.ok()?;
            }
            if self.strangers.of(address) > 0 {
                return None;
            }
            tokio::select! {
                permit = free.acquire_owned() => break permit.ok()?,
                () = self.strangers.woken.notified() => {}
            }
        };
        let strangers = Arc::clone(&self.strangers);
        Some(ConnectionSlot {
            stranger: Mutex::default(),
            address,
            strangers,
            _of_address: of_address,
            _permit: permit,
        })
    }
}

impl ConnectionSlot {
    /// Notes the connection that holds the slot, a stranger's so far: it may be cut to make room. A proxy's may not
    /// before a request names a client.
    pub(crate) fn hold(&self, connection: &TcpConnection) {
        if let Some(address) = self.address {
            self.list(address, connection);
        }
    }

    /// Notes that a request from `client` came over the connection. A proxy's connection is that client's until it
    /// brings another's request.
    pub(crate) fn note_client(&self, client: IpAddr, connection: &TcpConnection) {
        if self.address.is_none() {
            self.list(client_network(client), connection);
        }
    }

    /// Notes that the connection is no longer a stranger's. Unless it has been cut already, it will not be cut to make
    /// room.
    pub(crate) fn keep(&self) {
        *self.stranger() = None;
    }

    fn list(&self, address: IpAddr, connection: &TcpConnection) {
        if connection.is_authenticated() {
            return;
        }
        let mut stranger = self.stranger();
        if stranger.as_ref().is_none_or(|listed| listed.address != address) {
            *stranger = Some(self.strangers.list(address, connection));
        }
    }

    fn stranger(&self) -> MutexGuard<'_, Option<Listed>> {
        self.stranger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connections that may be cut to make room.
#[derive(Default)]
struct Strangers {
    list: Mutex<List>,
    /// Notified when a connection was listed, which may be able to make room.
    woken: Notify,
}

#[derive(Default)]
struct List {
    /// How many have been listed so far, which numbers them by age.
    so_far: u64,
    by_address: HashMap<IpAddr, BTreeMap<u64, TcpConnection>>,
    /// How many connections each address has.
    weights: BTreeSet<(usize, IpAddr)>,
}

/// An entry in the list; removed when dropped.
struct Listed {
    strangers: Arc<Strangers>,
    address: IpAddr,
    number: u64,
}

impl Strangers {
    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn list(self: &Arc<Self>, address: IpAddr, connection: &TcpConnection) -> Listed {
        let mut list = self.lock();
        list.so_far += 1;
        let number = list.so_far;
        list.change(address, |connections| connections.insert(number, connection.clone()));
        self.woken.notify_one();
        Listed { strangers: Arc::clone(self), address, number }
    }

    /// Returns how many connections an address has. A proxy's newcomer has no known address, and counts as none.
    fn of(&self, address: Option<IpAddr>) -> usize {
        self.lock().of(address)
    }

    /// Cuts the oldest stranger of the address that has the most, if that has at least two more than `newcomer`.
    /// Returns whether one was cut, whose slot will be free.
    fn make_room(&self, newcomer: Option<IpAddr>) -> bool {
        let mut list = self.lock();
        let own = list.of(newcomer);
        while let Some(&(most, heaviest)) = list.weights.last()
            && own + 1 < most
            && let Some((_, connection)) = list.change(heaviest, BTreeMap::pop_first)
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
    fn of(&self, address: Option<IpAddr>) -> usize {
        address.and_then(|address| self.by_address.get(&address)).map_or(0, BTreeMap::len)
    }

    /// Changes the connections of an address, and its weight with them.
    fn change<T>(&mut self, address: IpAddr, change: impl FnOnce(&mut BTreeMap<u64, TcpConnection>) -> T) -> T {
        let connections = self.by_address.entry(address).or_default();
        self.weights.remove(&(connections.len(), address));
        let changed = change(connections);
        let weight = connections.len();
        if weight == 0 {
            self.by_address.remove(&address);
        } else {
            self.weights.insert((weight, address));
        }
        changed
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.strangers.lock().change(self.address, |connections| connections.remove(&self.number));
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
    async fn come(slots: &ConnectionSlots, address: Option<IpAddr>) -> Option<TcpConnection> {
        let slot = slots.take(address).await?;
        Some(begin(slot, &[]))
    }

    /// Opens a connection over a proxy, with a request from each of `clients`.
    async fn come_over_proxy(slots: &ConnectionSlots, clients: &[Option<IpAddr>]) -> TcpConnection {
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
                connections.push(come(slots, address).await.unwrap());
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
    async fn the_oldest_of_the_heaviest_makes_room_until_all_have_the_same() {
        let slots = ConnectionSlots::new(Room { in_all: 8, per_address: 6 });
        let connections = fill(&slots, &[(A, 5), (B, 3)]).await;
        assert!(come(&slots, A).await.is_none(), "the heaviest gets no more");
        assert!(come(&slots, B).await.is_some());
        assert_eq!(cut(&connections), [0]);
        assert!(come(&slots, B).await.is_none(), "four each");
        for n in 1..=2 {
            assert!(come(&slots, C).await.is_some(), "{n}");
        }
        assert_eq!((cut(&connections).len(), come(&slots, C).await.is_none()), (3, true), "three, three and two");
        assert_eq!(slots.free.available_permits(), 0);
    }

    #[tokio::test]
    async fn who_is_known_stays_and_weighs_nothing() {
        let slots = ConnectionSlots::new(Room { in_all: 6, per_address: 6 });
        let connections = fill(&slots, &[(A, 4), (B, 2)]).await;
        connections[..3].iter().for_each(TcpConnection::note_authenticated);
        tokio::task::yield_now().await;
        assert!(come(&slots, A).await.is_none(), "one each, and two of another");
        assert!(come(&slots, C).await.is_some());
        assert_eq!(cut(&connections), [4]);
        // A connection that has authenticated without the list knowing counts as well.
        let slots = ConnectionSlots::new(Room { in_all: 2, per_address: 2 });
        let connections = fill(&slots, &[(A, 2)]).await;
        connections[0].note_authenticated();
        assert!(!slots.strangers.make_room(B));
        assert_eq!(cut(&connections), [0_usize; 0]);
    }

    #[tokio::test]
    async fn who_has_none_waits_where_nobody_can_make_room() {
        let slots = ConnectionSlots::new(Room { in_all: 3, per_address: 3 });
        let connections = fill(&slots, &[(None, 2), (A, 1)]).await;
        assert!(waits(&slots, B).await && waits(&slots, None).await);
        connections[2].note_authenticated();
        assert!(waits(&slots, B).await && waits(&slots, A).await);
        assert!(cut(&connections).is_empty());
        connections[0].cut();
        assert!(come(&slots, B).await.is_some());
    }

    #[tokio::test]
    async fn clients_of_a_proxy_make_room_as_those_without_one() {
        let slots = ConnectionSlots::new(Room { in_all: 6, per_address: 3 });
        let mut connections = vec![come_over_proxy(&slots, &[]).await];
        for clients in [&[A][..], &[A, A], &[A], &[B], &[A, B, A]] {
            connections.push(come_over_proxy(&slots, clients).await);
        }
        assert_eq!((slots.strangers.of(A), slots.strangers.of(B)), (4, 1));
        assert!(come(&slots, C).await.is_some());
        come_over_proxy(&slots, &[C]).await;
        assert_eq!(cut(&connections), [1, 2], "the oldest of the client that has most");
        assert!(come(&slots, A).await.is_none(), "whatever way they came");
        assert_eq!((slots.strangers.of(A), slots.strangers.of(B), slots.strangers.of(C)), (2, 1, 2));
        // An authenticated client is not listed again at its next request.
        let slot = ConnectionSlots::new(Room { in_all: 1, per_address: 1 }).take(None).await.unwrap();
        let connection = TcpConnection::new(CancellationToken::new());
        slot.note_client(A.unwrap(), &connection);
        assert_eq!(slot.strangers.of(A), 1);
        connection.note_authenticated();
        slot.keep();
        slot.note_client(B.unwrap(), &connection);
        assert_eq!((slot.strangers.of(A), slot.strangers.of(B)), (0, 0));
    }

    #[tokio::test]
    async fn who_waits_gets_the_place_of_a_client_that_a_proxy_names_later() {
        let slots = ConnectionSlots::new(Room { in_all: 2, per_address: 2 });
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
    async fn nothing_is_left_of_connections_that_have_ended() {
        let slots = ConnectionSlots::new(Room { in_all: 100, per_address: 50 });
        let connections = fill(&slots, &[(A, 50), (B, 50)]).await;
        connections.iter().step_by(2).for_each(TcpConnection::note_authenticated);
        connections.iter().for_each(TcpConnection::cut);
        let _all = timeout(Duration::from_secs(30), slots.free.acquire_many(100)).await.unwrap().unwrap();
        let list = slots.strangers.lock();
        assert!(list.by_address.is_empty() && list.weights.is_empty());
    }
}
