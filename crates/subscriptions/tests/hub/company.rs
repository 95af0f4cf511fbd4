//! Presence in the hub, with time that passes when the test says so.

use boardwire_protocol::ViewerStatus::{Away, Online};

use crate::scene::{Client, Timed, filters};

const NOTHING: [&str; 0] = [];

/// Ada looks at the board, and has seen who is there.
async fn stage() -> (Timed, Client) {
    let timed = Timed::new();
    let ada = timed.scene.socket("ada");
    timed.scene.view(&ada, None).await;
    (timed, ada)
}

#[tokio::test]
async fn a_user_with_several_connections_joins_once_and_leaves_once() {
    let (timed, ada) = stage().await;
    let scene = &timed.scene;
    let tabs = [scene.socket("bob"), scene.socket("bob"), scene.socket("bob")];
    for tab in &tabs {
        scene.view(tab, None).await;
    }
    assert_eq!(ada.told(), ["user:joined bob"]);
    assert_eq!(scene.viewers(), ["ada online", "bob online"]);
    scene.hub.view_nothing(&tabs[0].socket);
    scene.hub.view_nothing(&tabs[0].socket);
    scene.hub.disconnect(&tabs[1].socket);
    timed.pass(10_000);
    assert_eq!(ada.told(), NOTHING);
    scene.hub.view_nothing(&tabs[2].socket);
    assert_eq!(ada.told(), ["user:left bob"], "who says so leaves at once, and is online elsewhere");
    assert_eq!(scene.viewers(), ["ada online"]);
    timed.pass(10_000);
    assert_eq!(ada.told(), NOTHING);
    for tab in &tabs {
        assert_eq!(tab.told(), NOTHING, "a user's own tabs");
    }
}

#[tokio::test]
async fn a_lost_connection_counts_for_five_seconds() {
    let (timed, ada) = stage().await;
    let scene = &timed.scene;
    let bob = scene.socket("bob");
    scene.view_task(&bob, "t1").await;
    assert_eq!(ada.told(), ["user:joined bob t1"]);
    scene.hub.disconnect(&bob.socket);
    timed.pass(4_999);
    assert_eq!(ada.told(), NOTHING);
    assert_eq!(scene.viewers(), ["ada online", "bob online t1"]);
    timed.pass(1);
    assert_eq!(ada.told(), ["user:presence bob offline t1", "user:left bob t1"]);
    assert_eq!(scene.viewers(), ["ada online"]);
    timed.pass(10_000);
    assert_eq!(ada.told(), NOTHING);
}

#[tokio::test]
async fn the_grace_period_begins_when_the_last_connection_is_lost() {
    let (timed, ada) = stage().await;
    let scene = &timed.scene;
    let (first, second) = (scene.socket("bob"), scene.socket("bob"));
    scene.view(&first, None).await;
    scene.view(&second, None).await;
    ada.told();
    scene.hub.disconnect(&first.socket);
    timed.pass(3_000);
    scene.hub.disconnect(&second.socket);
    timed.pass(4_999);
    assert_eq!(ada.told(), NOTHING);
    timed.pass(1);
    assert_eq!(ada.told(), ["user:presence bob offline", "user:left bob"]);
}

#[tokio::test]
async fn a_user_who_returns_within_the_grace_period_never_left() {
    let (timed, ada) = stage().await;
    let scene = &timed.scene;
    let bob = scene.socket("bob");
    scene.view(&bob, None).await;
    ada.told();
    let since = scene.hub.viewers(&scene.board, None)[1].since;
    scene.hub.disconnect(&bob.socket);
    timed.pass(4_999);
    let bob = scene.socket("bob");
    scene.view(&bob, None).await;
    timed.pass(20_000);
    assert_eq!(ada.told(), NOTHING);
    assert_eq!(scene.hub.viewers(&scene.board, None)[1].since, since);
    // The next loss has a grace of its own.
    scene.hub.disconnect(&bob.socket);
    timed.pass(4_999);
    assert_eq!(ada.told(), NOTHING);
    timed.pass(1);
    assert_eq!(ada.told(), ["user:presence bob offline", "user:left bob"]);
}

#[tokio::test]
async fn a_user_who_is_connected_elsewhere_is_not_offline() {
    let (timed, ada) = stage().await;
    let scene = &timed.scene;
    let (bob, _elsewhere) = (scene.socket("bob"), scene.socket("bob"));
    scene.view(&bob, None).await;
    ada.told();
    scene.hub.disconnect(&bob.socket);
    timed.pass(5_000);
    assert_eq!(ada.told(), ["user:left bob"]);
}

#[tokio::test]
async fn a_user_is_online_if_any_connection_is() {
    let (timed, ada) = stage().await;
    let scene = &timed.scene;
    let (first, second) = (scene.socket("bob"), scene.socket("bob"));
    scene.view(&first, None).await;
    scene.view(&second, None).await;
    ada.told();
    scene.declare(&first, Away, None).await;
    assert_eq!(ada.told(), NOTHING);
    scene.declare(&second, Away, None).await;
    assert_eq!(ada.told(), ["user:presence bob away"]);
    assert_eq!(scene.viewers(), ["ada online", "bob away"]);
    scene.declare(&second, Away, None).await;
    assert_eq!(ada.told(), NOTHING, "nothing changed");
    scene.declare(&first, Online, None).await;
    assert_eq!(ada.told(), ["user:presence bob online"]);
    scene.hub.disconnect(&first.socket);
    assert_eq!(ada.told(), ["user:presence bob away"], "the one that is left is away");
}

#[tokio::test]
async fn a_user_is_shown_on_the_task_opened_last() {
    let (timed, ada) = stage().await;
    let scene = &timed.scene;
    let (first, second) = (scene.socket("bob"), scene.socket("bob"));
    scene.view(&first, None).await;
    scene.view_task(&first, "t1").await;
    scene.view_task(&second, "t2").await;
    assert_eq!(ada.told(), ["user:joined bob", "user:presence bob online t1", "user:presence bob online t2"]);
    let on = |task: &str| scene.hub.viewers(&scene.board, Some(&task.try_into().unwrap())).len();
    assert_eq!((on("t1"), on("t2"), on("t3")), (1, 1, 0));
    scene.hub.view_nothing(&second.socket);
    assert_eq!(ada.told(), ["user:presence bob online t1"]);
    assert_eq!((on("t1"), on("t2")), (1, 0));
}

#[tokio::test]
async fn viewers_of_a_task_receive_presence_on_that_task() {
    let (timed, ada) = stage().await;
    let scene = &timed.scene;
    let carl = scene.socket("ada");
    scene.view_task(&carl, "t1").await;
    ada.told();
    let bob = scene.socket("bob");
    scene.view_task(&bob, "t2").await;
    assert_eq!(carl.told(), NOTHING);
    scene.view_task(&bob, "t1").await;
    assert_eq!(carl.told(), ["user:presence bob online t1"]);
    scene.hub.view_nothing(&bob.socket);
    assert_eq!(carl.told(), ["user:left bob t1"]);
}

#[tokio::test]
async fn a_user_may_be_present_without_viewing() {
    let (timed, ada) = stage().await;
    let scene = &timed.scene;
    let bob = scene.socket("bob");
    scene.declare(&bob, Online, Some("t1")).await;
    assert_eq!(ada.told(), ["user:joined bob t1"]);
    scene.view(&bob, None).await;
    assert_eq!(ada.told(), NOTHING);
    assert_eq!(scene.viewers(), ["ada online", "bob online t1"]);
    scene.hub.view_nothing(&bob.socket);
    assert_eq!(ada.told(), ["user:left bob t1"]);
}

#[tokio::test]
async fn subscriptions_to_presence_and_typing_receive_both() {
    let timed = Timed::new();
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
    scene.type_on(&bob, Some("t1")).await.unwrap();
    timed.pass(2_000);
    scene.type_on(&bob, Some("t2")).await.unwrap();
    timed.pass(1_000);
    assert_eq!(sockets[0].told(), ["user:joined bob t1"]);
    assert_eq!(sockets[1].told(), ["typing:start bob t1", "typing:stop bob t1", "typing:start bob t2"]);
    assert_eq!(sockets[2].told(), NOTHING);
    assert_eq!(sockets[3].told(), ["typing:start bob t2"]);
    assert_eq!(sockets[4].told(), ["user:joined bob t1"]);
}

#[tokio::test]
async fn a_removed_member_leaves_and_a_member_who_is_added_again_joins() {
    let (timed, ada) = stage().await;
    let scene = &timed.scene;
    let bob = scene.socket("bob");
    scene.view(&bob, None).await;
    scene.type_on(&bob, None).await.unwrap();
    ada.told();
    scene.publish(&scene.remove_member("bob")).await;
    assert_eq!(ada.told(), ["user:left bob"]);
    assert_eq!(scene.viewers(), ["ada online"]);
    timed.pass(1_000);
    assert_eq!(ada.told(), ["typing:stop bob"]);
    let tab = scene.socket("ada");
    scene.view(&tab, None).await;
    scene.type_on(&tab, None).await.unwrap();
    scene.hub.disconnect(&tab.socket);
    timed.pass(10_000);
    assert_eq!(bob.told(), NOTHING, "and is told nothing");
    ada.told();
    scene.publish(&scene.add_member("bob")).await;
    assert_eq!(ada.told(), ["user:joined bob"], "the connection still looks at the board");
    scene.hub.disconnect(&bob.socket);
    scene.publish(&scene.remove_member("bob")).await;
    assert_eq!(ada.told(), ["user:left bob"], "a grace does not outlast the membership");
    timed.pass(10_000);
    assert_eq!(ada.told(), NOTHING);
}

#[tokio::test]
async fn viewers_of_a_task_are_told_when_somebody_leaves_it() {
    let (timed, _ada) = stage().await;
    let scene = &timed.scene;
    let on_first = scene.socket("ada");
    scene.view_task(&on_first, "t1").await;
    let bob = scene.socket("bob");
    scene.view_task(&bob, "t1").await;
    assert_eq!(on_first.told(), ["user:joined bob t1"]);
    scene.view_task(&bob, "t2").await;
    assert_eq!(on_first.told(), ["user:presence bob online t2"]);
}
