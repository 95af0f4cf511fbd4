//! Members who are removed or added: what they receive from then on.

use boardwire_protocol::{EventKind, Seq};
use boardwire_subscriptions::{JoinError, Resume};

use crate::scene::Scene;

#[tokio::test]
async fn a_member_who_is_removed_receives_nothing_more() {
    let scene = Scene::new();
    let (ada, bob) = (scene.socket("ada"), scene.socket("bob"));
    scene.view(&ada, None).await;
    scene.view(&bob, None).await;
    scene.subscribe_everywhere(&bob, "*");
    let mut entries = scene.commit(1, EventKind::TaskUpdated);
    entries.extend(scene.remove_member("bob"));
    entries.extend(scene.commit(1, EventKind::TaskUpdated));
    scene.publish(&entries).await;
    assert_eq!(ada.take_seqs(), [1, 2, 3]);
    assert_eq!(bob.take_seqs(), [1]);
    let again = scene.hub.view_board(&bob.socket, &scene.board, None).await;
    assert!(matches!(again, Err(JoinError::NoBoard)));
    let mut entries = scene.add_member("bob");
    entries.extend(scene.commit(1, EventKind::TaskUpdated));
    scene.publish(&entries).await;
    assert_eq!(bob.take_seqs(), [4, 5], "an added member receives events again");
}

#[tokio::test]
async fn a_member_who_is_added_again_can_recover_missed_events() {
    let scene = Scene::new();
    let bob = scene.socket("bob");
    scene.view(&bob, None).await;
    let mut entries = scene.commit(2, EventKind::TaskUpdated);
    entries.extend(scene.remove_member("bob"));
    entries.extend(scene.commit(3, EventKind::TaskUpdated));
    entries.extend(scene.add_member("bob"));
    entries.extend(scene.commit(1, EventKind::TaskUpdated));
    scene.publish(&entries).await;
    assert_eq!(bob.take_seqs(), [1, 2, 7, 8]);
    assert_eq!(scene.view(&bob, Some(1)).await.recovered, Some(true));
    assert_eq!(bob.take_seqs(), [3, 4, 5, 6], "only the missed events");
    scene.view(&bob, Some(0)).await;
    assert_eq!(bob.take_seqs(), [0; 0], "each only once");
}

#[tokio::test]
async fn a_member_who_is_removed_during_a_replay_receives_nothing_more() {
    let scene = Scene::new();
    let entries = scene.commit(1_000, EventKind::TaskUpdated);
    scene.publish(&entries).await;
    let ada = scene.socket("ada");
    scene.view(&ada, None).await;
    let bob = scene.socket("bob");
    let removing = scene.clone();
    bob.after_page(2, async move {
        let entries = removing.remove_member("bob");
        removing.publish(&entries).await;
    });
    let resume = Resume { since: Seq(0), epoch: None };
    let joined = scene.hub.view_board(&bob.socket, &scene.board, Some(resume)).await;
    assert!(matches!(joined, Err(JoinError::NoBoard)), "{joined:?}");
    let taken = bob.take_seqs();
    assert!(taken.len() < 1_000 && taken == (1..=taken.len() as u64).collect::<Vec<_>>(), "{}", taken.len());
}

#[tokio::test]
async fn a_subscription_to_all_boards_follows_memberships() {
    let scene = Scene::new();
    let carl = scene.socket("carl");
    scene.subscribe_everywhere(&carl, "task:*");
    let mut entries = scene.commit(1, EventKind::TaskUpdated);
    scene.publish(&entries).await;
    assert_eq!(carl.take_seqs(), [0; 0]);
    entries = scene.add_member("carl");
    entries.extend(scene.commit(2, EventKind::TaskUpdated));
    scene.publish(&entries).await;
    assert_eq!(carl.take_seqs(), [3, 4]);
}
