//! Following a board: access is checked, missed events come before new ones, and a follower counts as a connection.

use boardwire_gate::{Call, Charge, FollowError, FollowRequest, Followed, Follower, ListenerEvent, no_connection};
use boardwire_metrics::TransportKind;
use boardwire_protocol::{Code, CommandKind, Seq};
use boardwire_subscriptions::Frame;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::scene::{PATIENCE, Scene, operator};

/// Makes a change, and returns the reply.
async fn change(scene: &Scene, kind: CommandKind, payload: Value) -> Value {
    let admitted = scene.gate.admit(operator(), Charge::Command(kind)).await.unwrap();
    let reply = admitted.run(Call::new(payload, None), no_connection).await.unwrap();
    serde_json::from_str(reply.get()).unwrap()
}

fn request(board: &Value, since: Option<u64>) -> FollowRequest {
    let fields = json!({"type": "*", "filters": {"boardId": board}, "since": since});
    let Value::Object(mut fields) = fields else { unreachable!("it is an object") };
    fields.retain(|_, value| !value.is_null());
    FollowRequest::from_fields(fields, "boardId").unwrap()
}

async fn follow(scene: &Scene, request: FollowRequest) -> Result<Follower, FollowError> {
    scene.gate.follow(operator(), None, TransportKind::Stream, request).await
}

/// Returns the `seq` of the next event; `None` when all missed events have been queued.
async fn next(follower: &mut Follower) -> Option<Seq> {
    match timeout(PATIENCE, follower.next()).await.expect("nothing comes").unwrap() {
        Followed::Event(ListenerEvent::Frame(Frame::Durable(entry))) => Some(entry.seq),
        Followed::Event(other) => panic!("{other:?}"),
        Followed::Joined(_) => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missed_events_come_before_new_ones() {
    let scene = Scene::new().await;
    scene.change_account().await;
    let board = change(&scene, CommandKind::BoardCreate, json!({"name": "Plans"})).await;
    let (id, seq) = (board["board"]["id"].clone(), board["seq"].as_u64().unwrap());
    let rename = async |name: &str| {
        change(&scene, CommandKind::BoardUpdate, json!({"boardId": id, "updates": {"name": name}})).await
    };
    rename("missed").await;
    let mut follower = follow(&scene, request(&id, Some(seq))).await.unwrap();
    let (mut seen, mut live) = (Vec::new(), false);
    while !live || seen.is_empty() {
        match next(&mut follower).await {
            Some(seq) => seen.push(seq),
            None => live = true,
        }
    }
    assert_eq!(seen, [Seq(seq + 1)]);
    rename("as it happens").await;
    assert_eq!(next(&mut follower).await, Some(Seq(seq + 2)));
    // One connection is all that this user may have; it counts until the follower is dropped.
    let refused = follow(&scene, request(&id, None)).await;
    assert!(matches!(refused, Err(FollowError::TooManyConnections)));
    drop(follower);
    assert!(follow(&scene, request(&id, None)).await.is_ok());
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_that_does_not_exist_cannot_be_followed() {
    let scene = Scene::new().await;
    match follow(&scene, request(&json!("none"), None)).await {
        Err(FollowError::Refused(error)) => assert_eq!(error.code, Code::NotFound),
        _ => panic!("it is followed"),
    }
    let fields = json!({"type": "*", "filters": {}});
    let Value::Object(fields) = fields else { unreachable!("it is an object") };
    let refused = FollowRequest::from_fields(fields, "boardId").unwrap_err();
    assert_eq!(refused.code, Code::InvalidMessage);
    assert_eq!(refused.details.unwrap(), json!([{"path": "boardId", "message": "is missing"}]));
    scene.close().await;
}
