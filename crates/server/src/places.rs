//! The places for connections: who gets one, and whose connection makes room when none is free. Places are shared out evenly
//! among addresses as far as they are taken by strangers: connections on which nobody has shown valid credentials.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use boardwire_gate::{Census, Line, Seat};
use boardwire_rate_limit::customer;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How many connections there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// In all.
    pub(crate) in_all: usize,
    /// From one address that is not a proxy's; further ones are cut at once.
    pub(crate) per_address: usize,
}

/// All places.
pub(crate) struct Places {
    free: Arc<Semaphore>,
    census: Arc<Census>,
    per_address: usize,
    strangers: Arc<Strangers>,
}

/// A place that is taken; free again when dropped.
pub(crate) struct Place {
    /// Goes first: what is listed there holds a place, which its end sets free.
    stranger: Mutex<Option<Listed>>,
    address: Option<IpAddr>,
    strangers: Arc<Strangers>,
    _of_address: Option<Seat>,
    _seat: OwnedSemaphorePermit,
}

impl Places {
    pub(crate) fn new(room: Room) -> Self {
        Self {
            free: Arc::new(Semaphore::new(room.in_all.min(Semaphore::MAX_PERMITS))),
            census: Arc::default(),
            per_address: room.per_address,
            strangers: Arc::default(),
        }
    }

    /// A place for a connection from `address`, of IPv6 from a /64; `None` is a proxy that is trusted, which speaks for many.
    /// If none is free, a stranger has to make room. If none can, an address without strangers waits until one can or a place is
    /// free, and any other gets none: its connection is to be cut. One caller at a time waits.
    pub(crate) async fn take(&self, address: Option<IpAddr>) -> Option<Place> {
        let of_address = match address {
            Some(address) => Some(self.census.one_more(address, self.per_address)?),
            None => None,
        };
        let seat = loop {
            let free = Arc::clone(&self.free);
            if let Ok(seat) = Arc::clone(&free).try_acquire_owned() {
                break seat;
            }
            if self.strangers.make_room(address) {
                break free.acquire_owned().await.ok()?;
            }
            if self.strangers.of(address) > 0 {
                return None;
            }
            tokio::select! {
                seat = free.acquire_owned() => break seat.ok()?,
                () = self.strangers.one_more.notified() => {}
            }
        };
        let strangers = Arc::clone(&self.strangers);
        Some(Place { stranger: Mutex::default(), address, strangers, _of_address: of_address, _seat: seat })
    }
}

impl Place {
    /// What holds it, so far a stranger's: it may be cut to make room. A proxy's may not before a request names a client.
    pub(crate) fn hold(&self, line: &Line) {
        if let Some(address) = self.address {
            self.list(address, line);
        }
    }

    /// A request from `client` came over what holds it. A proxy's connection is that client's until it brings another's.
    pub(crate) fn note_client(&self, client: IpAddr, line: &Line) {
        if self.address.is_none() {
            self.list(customer(client), line);
        }
    }

    /// What holds it is no stranger's any more. If it has not been cut before, it will not be to make room.
    pub(crate) fn keep(&self) {
        *self.stranger() = None;
    }

    fn list(&self, address: IpAddr, line: &Line) {
        if line.is_known() {
            return;
        }
        let mut stranger = self.stranger();
        if stranger.as_ref().is_none_or(|listed| listed.address != address) {
            *stranger = Some(self.strangers.list(address, line));
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
    /// One was listed, so that somebody may be able to make room.
    one_more: Notify,
}

#[derive(Default)]
struct List {
    /// How many there have been, which numbers them by age.
    so_far: u64,
    by_address: HashMap<IpAddr, BTreeMap<u64, Line>>,
    /// How many each address has.
    weights: BTreeSet<(usize, IpAddr)>,
}

/// An entry in the list, until dropped.
struct Listed {
    strangers: Arc<Strangers>,
    address: IpAddr,
    number: u64,
}

impl Strangers {
    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn list(self: &Arc<Self>, address: IpAddr, line: &Line) -> Listed {
        let mut list = self.lock();
        list.so_far += 1;
        let number = list.so_far;
        list.change(address, |lines| lines.insert(number, line.clone()));
        self.one_more.notify_one();
        Listed { strangers: Arc::clone(self), address, number }
    }

    /// How many an address has. A proxy's newcomer is of no known address, and has none.
    fn of(&self, address: Option<IpAddr>) -> usize {
        self.lock().of(address)
    }

    /// Cuts the oldest stranger of the address that has most, if that has at least two more than `newcomer`. Whether one was
    /// cut: its place will be free.
    fn make_room(&self, newcomer: Option<IpAddr>) -> bool {
        let mut list = self.lock();
        let own = list.of(newcomer);
        while let Some(&(most, heaviest)) = list.weights.last()
            && own + 1 < most
            && let Some((_, line)) = list.change(heaviest, BTreeMap::pop_first)
        {
            // Who has become known just now is still listed.
            if !line.is_known() {
                line.cut();
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

    /// Changes what an address has, and its weight along.
    fn change<T>(&mut self, address: IpAddr, change: impl FnOnce(&mut BTreeMap<u64, Line>) -> T) -> T {
        let lines = self.by_address.entry(address).or_default();
        self.weights.remove(&(lines.len(), address));
        let changed = change(lines);
        let weight = lines.len();
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
        self.strangers.lock().change(self.address, |lines| lines.remove(&self.number));
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

    /// A connection: gives its place back when it is cut, as the listener does.
    async fn come(places: &Places, address: Option<IpAddr>) -> Option<Line> {
        let place = places.take(address).await?;
        Some(begin(place, &[]))
    }

    /// The same over a proxy, with a request from each of `clients`.
    async fn come_over_proxy(places: &Places, clients: &[Option<IpAddr>]) -> Line {
        begin(places.take(None).await.unwrap(), clients)
    }

    fn begin(place: Place, clients: &[Option<IpAddr>]) -> Line {
        let line = Line::new(CancellationToken::new());
        place.hold(&line);
        clients.iter().for_each(|client| place.note_client(client.unwrap(), &line));
        let over = line.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = over.over() => return,
                () = over.known() => place.keep(),
            }
            over.over().await;
        });
        line
    }

    async fn fill(places: &Places, with: &[(Option<IpAddr>, usize)]) -> Vec<Line> {
        let mut lines = Vec::new();
        for &(address, count) in with {
            for _ in 0..count {
                lines.push(come(places, address).await.unwrap());
            }
        }
        lines
    }

    async fn waits(places: &Places, address: Option<IpAddr>) -> bool {
        timeout(Duration::from_millis(20), places.take(address)).await.is_err()
    }

    fn cut(lines: &[Line]) -> Vec<usize> {
        (0..lines.len()).filter(|&n| lines[n].is_over()).collect()
    }

    #[tokio::test]
    async fn the_oldest_of_the_heaviest_makes_room_until_all_have_the_same() {
        let places = Places::new(Room { in_all: 8, per_address: 6 });
        let lines = fill(&places, &[(A, 5), (B, 3)]).await;
        assert!(come(&places, A).await.is_none(), "the heaviest gets no more");
        assert!(come(&places, B).await.is_some());
        assert_eq!(cut(&lines), [0]);
        assert!(come(&places, B).await.is_none(), "four each");
        for n in 1..=2 {
            assert!(come(&places, C).await.is_some(), "{n}");
        }
        assert_eq!((cut(&lines).len(), come(&places, C).await.is_none()), (3, true), "three, three and two");
        assert_eq!(places.free.available_permits(), 0);
    }

    #[tokio::test]
    async fn who_is_known_stays_and_weighs_nothing() {
        let places = Places::new(Room { in_all: 6, per_address: 6 });
        let lines = fill(&places, &[(A, 4), (B, 2)]).await;
        lines[..3].iter().for_each(Line::note_known);
        tokio::task::yield_now().await;
        assert!(come(&places, A).await.is_none(), "one each, and two of another");
        assert!(come(&places, C).await.is_some());
        assert_eq!(cut(&lines), [4]);
        // What nobody has told the list yet counts as well.
        let places = Places::new(Room { in_all: 2, per_address: 2 });
        let lines = fill(&places, &[(A, 2)]).await;
        lines[0].note_known();
        assert!(!places.strangers.make_room(B));
        assert_eq!(cut(&lines), [0_usize; 0]);
    }

    #[tokio::test]
    async fn who_has_none_waits_where_nobody_can_make_room() {
        let places = Places::new(Room { in_all: 3, per_address: 3 });
        let lines = fill(&places, &[(None, 2), (A, 1)]).await;
        assert!(waits(&places, B).await && waits(&places, None).await);
        lines[2].note_known();
        assert!(waits(&places, B).await && waits(&places, A).await);
        assert!(cut(&lines).is_empty());
        lines[0].cut();
        assert!(come(&places, B).await.is_some());
    }

    #[tokio::test]
    async fn clients_of_a_proxy_make_room_as_those_without_one() {
        let places = Places::new(Room { in_all: 6, per_address: 3 });
        let mut lines = vec![come_over_proxy(&places, &[]).await];
        for clients in [&[A][..], &[A, A], &[A], &[B], &[A, B, A]] {
            lines.push(come_over_proxy(&places, clients).await);
        }
        assert_eq!((places.strangers.of(A), places.strangers.of(B)), (4, 1));
        assert!(come(&places, C).await.is_some());
        come_over_proxy(&places, &[C]).await;
        assert_eq!(cut(&lines), [1, 2], "the oldest of the client that has most");
        assert!(come(&places, A).await.is_none(), "whatever way they came");
        assert_eq!((places.strangers.of(A), places.strangers.of(B), places.strangers.of(C)), (2, 1, 2));
        // Who is known is not listed again with his next request.
        let place = Places::new(Room { in_all: 1, per_address: 1 }).take(None).await.unwrap();
        let line = Line::new(CancellationToken::new());
        place.note_client(A.unwrap(), &line);
        assert_eq!(place.strangers.of(A), 1);
        line.note_known();
        place.keep();
        place.note_client(B.unwrap(), &line);
        assert_eq!((place.strangers.of(A), place.strangers.of(B)), (0, 0));
    }

    #[tokio::test]
    async fn who_waits_gets_the_place_of_a_client_that_a_proxy_names_later() {
        let places = Places::new(Room { in_all: 2, per_address: 2 });
        let (first, second) = (places.take(None).await.unwrap(), places.take(None).await.unwrap());
        let lines = [Line::new(CancellationToken::new()), Line::new(CancellationToken::new())];
        let requests = async {
            assert!(waits(&places, B).await);
            first.note_client(A.unwrap(), &lines[0]);
            assert!(waits(&places, B).await, "nobody has two");
            let (newcomer, ()) = tokio::join!(places.take(B), async {
                tokio::task::yield_now().await;
                second.note_client(A.unwrap(), &lines[1]);
                lines[0].over().await;
                drop(first);
            });
            assert!(newcomer.is_some() && !lines[1].is_over());
        };
        timeout(Duration::from_secs(30), requests).await.unwrap();
    }

    #[tokio::test]
    async fn nothing_is_left_of_connections_that_have_ended() {
        let places = Places::new(Room { in_all: 100, per_address: 50 });
        let lines = fill(&places, &[(A, 50), (B, 50)]).await;
        lines.iter().step_by(2).for_each(Line::note_known);
        lines.iter().for_each(Line::cut);
        let _all = timeout(Duration::from_secs(30), places.free.acquire_many(100)).await.unwrap().unwrap();
        let list = places.strangers.lock();
        assert!(list.by_address.is_empty() && list.weights.is_empty());
    }
}
