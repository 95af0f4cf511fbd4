//! Broadcasts to rooms reach exactly their members and, for boards and tasks, only users who may read the board.

use boardwire_subscriptions::Room;

use crate::scene::{Scene, ephemeral_frame, filters};

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
    let on_other_board = scene.socket("bob");
    scene.hub.view_board(&on_other_board.socket, &"b2".try_into().unwrap(), None).await.unwrap();
    let connected = scene.socket("carl");
    let all = [&on_board, &on_task, &on_other_task, &on_both, &subscribed, &on_other_board, &connected];
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
        all.iter().for_each(|client| _ = client.discard_ephemeral());
        scene.hub.broadcast(&room, &ephemeral_frame());
        assert_eq!(all.map(|client| client.discard_ephemeral()), reached, "{room:?}");
    }
}

#[tokio::test]
async fn the_rooms_of_a_board_reach_only_users_who_may_read_it() {
    let scene = Scene::new();
    let (ada, bob, tab) = (scene.socket("ada"), scene.socket("bob"), scene.socket("bob"));
    scene.view(&ada, None).await;
    scene.view(&bob, None).await;
    scene.view_task(&tab, "t1").await;
    scene.publish(&scene.remove_member("bob")).await;
    for client in [&ada, &bob, &tab] {
        client.discard_ephemeral();
    }
    scene.hub.broadcast(&Room::Board(scene.board.clone()), &ephemeral_frame());
    scene.hub.broadcast(&Room::Task(scene.board.clone(), "t1".try_into().unwrap()), &ephemeral_frame());
    assert_eq!([&ada, &bob, &tab].map(|client| client.discard_ephemeral()), [1, 0, 0]);
    scene.publish(&scene.add_member("bob")).await;
    for client in [&ada, &bob, &tab] {
        client.discard_ephemeral();
    }
    scene.hub.broadcast(&Room::Board(scene.board.clone()), &ephemeral_frame());
    assert_eq!([&ada, &bob, &tab].map(|client| client.discard_ephemeral()), [1, 1, 0]);
}

#[tokio::test]
async fn sockets_that_leave_a_board_or_disconnect_leave_its_rooms() {
    let scene = Scene::new();
    let (ada, bob) = (scene.socket("ada"), scene.socket("bob"));
    scene.view(&ada, None).await;
    scene.view_task(&ada, "t1").await;
    scene.view(&bob, None).await;
    scene.hub.view_nothing(&ada.socket);
    scene.hub.disconnect(&bob.socket);
    for client in [&ada, &bob] {
        client.discard_ephemeral();
    }
    scene.hub.broadcast(&Room::Board(scene.board.clone()), &ephemeral_frame());
    scene.hub.broadcast(&Room::Task(scene.board.clone(), "t1".try_into().unwrap()), &ephemeral_frame());
    scene.hub.broadcast(&Room::Global, &ephemeral_frame());
    assert_eq!([&ada, &bob].map(|client| client.discard_ephemeral()), [1, 0]);
}
