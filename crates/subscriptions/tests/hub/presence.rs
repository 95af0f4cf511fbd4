//! Presence in the hub, on a clock that the tests control.

use boardwire_protocol::ViewerStatus::{Away, Online};

use crate::{client::Client, scene::filters, timed::TimedScene};

const NOTHING: [&str; 0] = [];

/// Makes a scene in which Ada views the board.
async fn setup() -> (TimedScene, Client) {
    let timed = TimedScene::new();
    let ada = timed.scene.socket("ada");
    timed.scene.view(&ada, None).await;
    (timed, ada)
}

#[tokio::test]
async fn a_user_with_several_connections_joins_once_and_leaves_once() {
    let (timed, ada) = setup().await;
    let scene = &timed.scene;
    let tabs = [scene.socket("bob"), scene.socket("bob"), scene.socket("bob")];
    for tab in &tabs {
        scene.view(tab, None).await;
    }
    assert_eq!(ada.take_ephemeral(), ["user:joined bob"]);
    assert_eq!(scene.viewers(), ["ada online", "bob online"]);
    scene.hub.view_nothing(&tabs[0].socket);
    scene.hub.view_nothing(&tabs[0].socket);
    scene.hub.disconnect(&tabs[1].socket);
    timed.advance_and_run(10_000);
    assert_eq!(ada.take_ephemeral(), NOTHING);
    scene.hub.view_nothing(&tabs[2].socket);
    assert_eq!(ada.take_ephemeral(), ["user:left bob"], "a user who leaves by a command leaves at once");
    assert_eq!(scene.viewers(), ["ada online"]);
    timed.advance_and_run(10_000);
    assert_eq!(ada.take_ephemeral(), NOTHING);
    for tab in &tabs {
        assert_eq!(tab.take_ephemeral(), NOTHING, "a user's own tabs are not told");
    }
}

#[tokio::test]
async fn a_lost_connection_counts_for_five_seconds() {
    let (timed, ada) = setup().await;
    let scene = &timed.scene;
    let bob = scene.socket("bob");
    scene.view_task(&bob, "t1").await;
    assert_eq!(ada.take_ephemeral(), ["user:joined bob t1"]);
    scene.hub.disconnect(&bob.socket);
    timed.advance_and_run(4_999);
    assert_eq!(ada.take_ephemeral(), NOTHING);
    assert_eq!(scene.viewers(), ["ada online", "bob online t1"]);
    timed.advance_and_run(1);
    assert_eq!(ada.take_ephemeral(), ["user:presence bob offline t1", "user:left bob t1"]);
    assert_eq!(scene.viewers(), ["ada online"]);
    timed.advance_and_run(10_000);
    assert_eq!(ada.take_ephemeral(), NOTHING);
}

#[tokio::test]
async fn the_grace_period_begins_when_the_last_connection_is_lost() {
    let (timed, ada) = setup().await;
    let scene = &timed.scene;
    let (first, second) = (scene.socket("bob"), scene.socket("bob"));
    scene.view(&first, None).await;
    scene.view(&second, None).await;
    ada.discard_ephemeral();
    scene.hub.disconnect(&first.socket);
    timed.advance_and_run(3_000);
    scene.hub.disconnect(&second.socket);
    timed.advance_and_run(4_999);
    assert_eq!(ada.take_ephemeral(), NOTHING);
    timed.advance_and_run(1);
    assert_eq!(ada.take_ephemeral(), ["user:presence bob offline", "user:left bob"]);
}

#[tokio::test]
async fn a_user_who_returns_within_the_grace_period_never_left() {
    let (timed, ada) = setup().await;
    let scene = &timed.scene;
    let bob = scene.socket("bob");
    scene.view(&bob, None).await;
    ada.discard_ephemeral();
    let since = scene.hub.viewers(&scene.board, None)[1].since;
    scene.hub.disconnect(&bob.socket);
    timed.advance_and_run(4_999);
    let bob = scene.socket("bob");
    scene.view(&bob, None).await;
    timed.advance_and_run(20_000);
    assert_eq!(ada.take_ephemeral(), NOTHING);
    assert_eq!(scene.hub.viewers(&scene.board, None)[1].since, since);
    // The next lost connection starts a grace period of its own.
    scene.hub.disconnect(&bob.socket);
    timed.advance_and_run(4_999);
    assert_eq!(ada.take_ephemeral(), NOTHING);
    timed.advance_and_run(1);
    assert_eq!(ada.take_ephemeral(), ["user:presence bob offline", "user:left bob"]);
}

#[tokio::test]
async fn a_user_who_is_connected_elsewhere_is_not_offline() {
    let (timed, ada) = setup().await;
    let scene = &timed.scene;
    let (bob, _elsewhere) = (scene.socket("bob"), scene.socket("bob"));
    scene.view(&bob, None).await;
    ada.discard_ephemeral();
    scene.hub.disconnect(&bob.socket);
    timed.advance_and_run(5_000);
    assert_eq!(ada.take_ephemeral(), ["user:left bob"]);
}

#[tokio::test]
async fn a_user_is_online_if_any_connection_is() {
    let (timed, ada) = setup().await;
    let scene = &timed.scene;
    let (first, second) = (scene.socket("bob"), scene.socket("bob"));
    scene.view(&first, None).await;
    scene.view(&second, None).await;
    ada.discard_ephemeral();
    scene.declare(&first, Away, None).await;
    assert_eq!(ada.take_ephemeral(), NOTHING);
    scene.declare(&second, Away, None).await;
    assert_eq!(ada.take_ephemeral(), ["user:presence bob away"]);
    assert_eq!(scene.viewers(), ["ada online", "bob away"]);
    scene.declare(&second, Away, None).await;
    assert_eq!(ada.take_ephemeral(), NOTHING, "nothing changed");
    scene.declare(&first, Online, None).await;
    assert_eq!(ada.take_ephemeral(), ["user:presence bob online"]);
    scene.hub.disconnect(&first.socket);
    assert_eq!(ada.take_ephemeral(), ["user:presence bob away"], "the remaining connection is away");
}

#[tokio::test]
async fn a_user_is_shown_on_the_task_opened_last() {
    let (timed, ada) = setup().await;
    let scene = &timed.scene;
    let (first, second) = (scene.socket("bob"), scene.socket("bob"));
    scene.view(&first, None).await;
    scene.view_task(&first, "t1").await;
    scene.view_task(&second, "t2").await;
    assert_eq!(ada.take_ephemeral(), ["user:joined bob", "user:presence bob online t1", "user:presence bob online t2"]);
    let on = |task: &str| scene.hub.viewers(&scene.board, Some(&task.try_into().unwrap())).len();
    assert_eq!((on("t1"), on("t2"), on("t3")), (1, 1, 0));
    scene.hub.view_nothing(&second.socket);
    assert_eq!(ada.take_ephemeral(), ["user:presence bob online t1"]);
    assert_eq!((on("t1"), on("t2")), (1, 0));
}

#[tokio::test]
async fn viewers_of_a_task_receive_presence_on_that_task() {
    let (timed, ada) = setup().await;
    let scene = &timed.scene;
    let carl = scene.socket("ada");
    scene.view_task(&carl, "t1").await;
    ada.discard_ephemeral();
    let bob = scene.socket("bob");
    scene.view_task(&bob, "t2").await;
    assert_eq!(carl.take_ephemeral(), NOTHING);
    scene.view_task(&bob, "t1").await;
    assert_eq!(carl.take_ephemeral(), ["user:presence bob online t1"]);
    scene.hub.view_nothing(&bob.socket);
    assert_eq!(carl.take_ephemeral(), ["user:left bob t1"]);
}

#[tokio::test]
async fn a_user_may_be_present_without_viewing() {
    let (timed, ada) = setup().await;
    let scene = &timed.scene;
    let bob = scene.socket("bob");
    scene.declare(&bob, Online, Some("t1")).await;
    assert_eq!(ada.take_ephemeral(), ["user:joined bob t1"]);
    scene.view(&bob, None).await;
    assert_eq!(ada.take_ephemeral(), NOTHING);
    assert_eq!(scene.viewers(), ["ada online", "bob online t1"]);
    scene.hub.view_nothing(&bob.socket);
    assert_eq!(ada.take_ephemeral(), ["user:left bob t1"]);
}

#[tokio::test]
async fn subscriptions_to_presence_and_typing_receive_both() {
    let timed = TimedScene::new();
    let scene = &timed.scene;
    let sockets = [(); 5].map(|()| scene.socket("ada"));
    for (socket, (pattern, wanted)) in sockets.iter().zip([
        ("user:*", filters(None, None)),
        ("typing:*", filters(None, None)),
        ("task:*", filters(None, None)),
        ("*", filters(Some("t2"), None)),
    ]) {
        scene.subscribe(socket, pattern, wanted, None).await.unwrap();
    }
    scene.subscribe_everywhere(&sockets[4], "user:joined");
    let bob = scene.socket("bob");
    scene.view_task(&bob, "t1").await;
    scene.start_typing(&bob, Some("t1")).await.unwrap();
    timed.advance_and_run(2_000);
    scene.start_typing(&bob, Some("t2")).await.unwrap();
    timed.advance_and_run(1_000);
    assert_eq!(sockets[0].take_ephemeral(), ["user:joined bob t1"]);
    assert_eq!(sockets[1].take_ephemeral(), ["typing:start bob t1", "typing:stop bob t1", "typing:start bob t2"]);
    assert_eq!(sockets[2].take_ephemeral(), NOTHING);
    assert_eq!(sockets[3].take_ephemeral(), ["typing:start bob t2"]);
    assert_eq!(sockets[4].take_ephemeral(), ["user:joined bob t1"]);
}

#[tokio::test]
async fn removing_a_member_ends_presence_and_adding_the_member_again_restores_it() {
    let (timed, ada) = setup().await;
    let scene = &timed.scene;
    let bob = scene.socket("bob");
    scene.view(&bob, None).await;
    scene.start_typing(&bob, None).await.unwrap();
    ada.discard_ephemeral();
    scene.publish(&scene.remove_member("bob")).await;
    assert_eq!(ada.take_ephemeral(), ["user:left bob"]);
    assert_eq!(scene.viewers(), ["ada online"]);
    timed.advance_and_run(1_000);
    assert_eq!(ada.take_ephemeral(), ["typing:stop bob"]);
    let tab = scene.socket("ada");
    scene.view(&tab, None).await;
    scene.start_typing(&tab, None).await.unwrap();
    scene.hub.disconnect(&tab.socket);
    timed.advance_and_run(10_000);
    assert_eq!(bob.take_ephemeral(), NOTHING, "a removed member receives nothing");
    ada.discard_ephemeral();
    scene.publish(&scene.add_member("bob")).await;
    assert_eq!(ada.take_ephemeral(), ["user:joined bob"], "the connection still views the board");
    scene.hub.disconnect(&bob.socket);
    scene.publish(&scene.remove_member("bob")).await;
    assert_eq!(ada.take_ephemeral(), ["user:left bob"], "the grace period ends with the membership");
    timed.advance_and_run(10_000);
    assert_eq!(ada.take_ephemeral(), NOTHING);
}

#[tokio::test]
async fn viewers_of_a_task_receive_that_a_user_moves_to_another_task() {
    let (timed, _ada) = setup().await;
    let scene = &timed.scene;
    let on_first = scene.socket("ada");
    scene.view_task(&on_first, "t1").await;
    let bob = scene.socket("bob");
    scene.view_task(&bob, "t1").await;
    assert_eq!(on_first.take_ephemeral(), ["user:joined bob t1"]);
    scene.view_task(&bob, "t2").await;
    assert_eq!(on_first.take_ephemeral(), ["user:presence bob online t2"]);
}
