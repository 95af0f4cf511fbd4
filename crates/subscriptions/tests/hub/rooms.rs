//! Broadcasts to rooms: exactly those whom a room names, and on a board only those who may read it now.

use boardwire_subscriptions::Room;

use crate::scene::{Scene, ephemeral, filters};

#[tokio::test]
async fn broadcasts_to_a_room_reach_its_members() {
    let scene = Scene::new();
    let on_board = scene.socket("ada");
    scene.view(&on_board, None).await;
    let on_task = scene.socket("ada");
    scene.view_task(&on_task, "t1").await;
    let on_other_task = scene.socket("bob");
    scene.view_task(&on_other_task, "t2").await;
    let on_both = scene.socket("bob");
    scene.view(&on_both, None).await;
    scene.view_task(&on_both, "t1").await;
    let subscribed = scene.socket("bob");
    scene.subscribe(&subscribed, "*", filters(None, None), None).await.unwrap();
    let elsewhere = scene.socket("bob");
    scene.hub.view_board(&elsewhere.socket, &"b2".try_into().unwrap(), None).await.unwrap();
    let stranger = scene.socket("carl");
    let all = [&on_board, &on_task, &on_other_task, &on_both, &subscribed, &elsewhere, &stranger];
    let task = |task: &str| Room::Task(scene.board.clone(), task.try_into().unwrap());
    for (room, reached) in [
        (Room::Board(scene.board.clone()), [1, 0, 0, 1, 0, 0, 0]),
        (Room::Board("b2".try_into().unwrap()), [0, 0, 0, 0, 0, 1, 0]),
        (Room::Board("b3".try_into().unwrap()), [0; 7]),
        (task("t1"), [0, 1, 0, 1, 0, 0, 0]),
        (task("t2"), [0, 0, 1, 0, 0, 0, 0]),
        (task("t3"), [0; 7]),
        (Room::User("ada".try_into().unwrap()), [1, 1, 0, 0, 0, 0, 0]),
        (Room::User("carl".try_into().unwrap()), [0, 0, 0, 0, 0, 0, 1]),
        (Room::Team("blue".try_into().unwrap()), [0, 0, 1, 1, 1, 1, 0]),
        (Room::Team("red".try_into().unwrap()), [1, 1, 0, 0, 0, 0, 1]),
        (Room::Team("green".try_into().unwrap()), [0; 7]),
        (Room::Global, [1; 7]),
    ] {
        all.iter().for_each(|client| drop(client.told()));
        scene.hub.broadcast(&room, &ephemeral());
        assert_eq!(all.map(|client| client.ephemeral()), reached, "{room:?}");
    }
}

#[tokio::test]
async fn the_room_of_a_board_reaches_only_those_who_may_read_the_board() {
    let scene = Scene::new();
    let (ada, bob, tab) = (scene.socket("ada"), scene.socket("bob"), scene.socket("bob"));
    scene.view(&ada, None).await;
    scene.view(&bob, None).await;
    scene.view_task(&tab, "t1").await;
    scene.publish(&scene.remove_member("bob")).await;
    for client in [&ada, &bob, &tab] {
        client.told();
    }
    scene.hub.broadcast(&Room::Board(scene.board.clone()), &ephemeral());
    scene.hub.broadcast(&Room::Task(scene.board.clone(), "t1".try_into().unwrap()), &ephemeral());
    assert_eq!([&ada, &bob, &tab].map(|client| client.ephemeral()), [1, 0, 0]);
    scene.publish(&scene.add_member("bob")).await;
    for client in [&ada, &bob, &tab] {
        client.told();
    }
    scene.hub.broadcast(&Room::Board(scene.board.clone()), &ephemeral());
    assert_eq!([&ada, &bob, &tab].map(|client| client.ephemeral()), [1, 1, 0]);
}

#[tokio::test]
async fn a_user_who_left_a_room_is_not_in_it() {
    let scene = Scene::new();
    let (ada, bob) = (scene.socket("ada"), scene.socket("bob"));
    scene.view(&ada, None).await;
    scene.view_task(&ada, "t1").await;
    scene.view(&bob, None).await;
    scene.hub.view_nothing(&ada.socket);
    scene.hub.disconnect(&bob.socket);
    for client in [&ada, &bob] {
        client.told();
    }
    scene.hub.broadcast(&Room::Board(scene.board.clone()), &ephemeral());
    scene.hub.broadcast(&Room::Task(scene.board.clone(), "t1".try_into().unwrap()), &ephemeral());
    scene.hub.broadcast(&Room::Global, &ephemeral());
    assert_eq!([&ada, &bob].map(|client| client.ephemeral()), [1, 0]);
}
