//! Only an admitted command is executed, it is charged and counted once, and its permit allows only queries besides.

use std::sync::Arc;

use boardwire_gate::{Admitted, Call, Charge, no_connection};
use boardwire_protocol::{Code, CommandGroup, CommandKind, ErrorBody};
use serde_json::{Value, json};

use crate::scene::{Scene, operator};

async fn admit(scene: &Scene, charge: Charge) -> Result<Admitted, ErrorBody> {
    scene.gate.admit(operator(), charge).await
}

/// Runs what was charged; returns the reply.
async fn run(admitted: &Admitted, payload: Value) -> Result<Value, ErrorBody> {
    let reply = admitted.run(Call::new(payload, None), no_connection).await?;
    Ok(serde_json::from_str(reply.get()).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permit_executes_what_was_charged_and_is_counted_once() {
    let scene = Scene::new().await;
    scene.change_account().await;
    let admitted = admit(&scene, Charge::Command(CommandKind::BoardCreate)).await.unwrap();
    let reply = run(&admitted, json!({"name": "Plans"})).await.unwrap();
    assert_eq!(reply["board"]["name"], "Plans", "{reply}");
    // A query within the same request is not charged again, and nothing but a query is allowed.
    let payload = json!({"boardId": reply["board"]["id"]});
    let board = admitted.query(CommandKind::BoardGet, payload.clone()).await.unwrap();
    assert!(board.get().contains("Plans"), "{board}");
    let refused = admitted.query(CommandKind::BoardUpdate, payload).await.unwrap_err();
    assert_eq!(refused.code, Code::UnknownEvent);
    let counts = scene.gate.metrics().counts();
    assert_eq!((counts.commands, counts.refusals), (3, 1));
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_that_names_no_command_executes_nothing() {
    let scene = Scene::new().await;
    for charge in [Charge::Request(CommandGroup::Query), Charge::UnknownCommand] {
        let admitted = admit(&scene, charge).await.unwrap();
        assert_eq!(run(&admitted, json!({})).await.unwrap_err().code, Code::UnknownEvent, "{charge:?}");
    }
    // A command about the connection has no meaning without one.
    let admitted = admit(&scene, Charge::Command(CommandKind::ViewLeave)).await.unwrap();
    assert_eq!(run(&admitted, json!({})).await.unwrap_err().code, Code::UnknownEvent);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_of_the_wrong_shape_is_refused_with_details() {
    let scene = Scene::new().await;
    let admitted = admit(&scene, Charge::Command(CommandKind::TaskMove)).await.unwrap();
    let refused = run(&admitted, json!({"taskId": 7, "unknown": true})).await.unwrap_err();
    assert_eq!(refused.code, Code::InvalidMessage);
    assert!(refused.details.is_some(), "{refused:?}");
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_charges_share_one_limit_beyond_which_nothing_is_admitted() {
    let scene = Scene::new().await;
    let charges =
        [Charge::Command(CommandKind::BoardList), Charge::Request(CommandGroup::Query), Charge::UnknownCommand];
    let mut admitted = 0;
    let refused = loop {
        match admit(&scene, charges[admitted % charges.len()]).await {
            Ok(_) => admitted += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((refused.code, admitted), (Code::RateLimit, 10), "expected ten, of any kind");
    assert!(refused.retry_after.is_some(), "{refused:?}");
    // Views, presence and typing have a limit of their own.
    assert!(admit(&scene, Charge::Command(CommandKind::TypingStart)).await.is_ok());
    let gate = Arc::clone(&scene.gate);
    assert_eq!(gate.limit(operator().user()).remaining, 0);
    drop(gate);
    scene.close().await;
}
