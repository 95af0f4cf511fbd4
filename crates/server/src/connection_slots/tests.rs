//! Tests of the slots, with connections that end when they are cut.

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
    let ended = connection.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = ended.closed() => return,
            () = ended.authenticated() => slot.keep(),
        }
        ended.closed().await;
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

fn cut_indices(connections: &[TcpConnection]) -> Vec<usize> {
    (0..connections.len()).filter(|&n| connections[n].is_closed()).collect()
}

#[tokio::test]
async fn the_busiest_address_loses_its_oldest_connection_to_one_with_two_fewer() {
    let slots = ConnectionSlots::new(SlotLimits { total: 8, per_address: 6 });
    let connections = fill(&slots, &[(A, 5), (B, 3)]).await;
    assert!(connect(&slots, A).await.is_none(), "the busiest address gets no more");
    assert!(connect(&slots, B).await.is_some());
    assert_eq!(cut_indices(&connections), [0]);
    assert!(connect(&slots, B).await.is_none(), "four each");
    for n in 1..=2 {
        assert!(connect(&slots, C).await.is_some(), "{n}");
    }
    assert_eq!(
        (cut_indices(&connections).len(), connect(&slots, C).await.is_none()),
        (3, true),
        "three, three and two"
    );
    assert_eq!(slots.free.available_permits(), 0);
}

#[tokio::test]
async fn authenticated_connections_are_neither_cut_nor_counted() {
    let slots = ConnectionSlots::new(SlotLimits { total: 6, per_address: 6 });
    let connections = fill(&slots, &[(A, 4), (B, 2)]).await;
    connections[..3].iter().for_each(TcpConnection::note_authenticated);
    tokio::task::yield_now().await;
    assert!(connect(&slots, A).await.is_none(), "A has one, and B has only two");
    assert!(connect(&slots, C).await.is_some());
    assert_eq!(cut_indices(&connections), [4]);
    // A connection that has authenticated but is still in the list is not cut either.
    let slots = ConnectionSlots::new(SlotLimits { total: 2, per_address: 2 });
    let connections = fill(&slots, &[(A, 2)]).await;
    connections[0].note_authenticated();
    assert!(!slots.unauthenticated.make_room(B));
    assert_eq!(cut_indices(&connections), [0_usize; 0]);
}

#[tokio::test]
async fn an_address_without_connections_waits_if_none_can_be_cut() {
    let slots = ConnectionSlots::new(SlotLimits { total: 3, per_address: 3 });
    let connections = fill(&slots, &[(None, 2), (A, 1)]).await;
    assert!(waits(&slots, B).await && waits(&slots, None).await);
    connections[2].note_authenticated();
    assert!(waits(&slots, B).await && waits(&slots, A).await);
    assert!(cut_indices(&connections).is_empty());
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
    assert_eq!(cut_indices(&connections), [1, 2], "the oldest ones of the client that has the most");
    assert!(connect(&slots, A).await.is_none(), "direct or over a proxy");
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
        assert!(waits(&slots, B).await, "no address has two");
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
