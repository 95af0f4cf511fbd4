//! What request ids were used for: remembered once, until it is old.

use anyhow::Result;
use boardwire_protocol::{RequestId, Timestamp};
use boardwire_services::{Fault, storage::Remembered};

use crate::{
    fixture::{Place, on_both},
    samples::user_id,
};

/// Remembers a reply at `now`; `since` is when what is older is forgotten.
async fn remember(place: &Place, user: &'static str, reply: &'static str, now: i64, since: i64) -> Result<bool> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    place
        .unit(move |tx| {
            Box::pin(async move {
                let request = RequestId::try_from("bestellung #1 – ä").expect("an id");
                let remembered = Remembered { hash: "0a".to_owned(), reply: reply.to_owned() };
                let (now, since) = (Timestamp(now), Timestamp(since));
                let is_new = tx.remember(&user_id(user), &request, &remembered, now, since).await?;
                let found = tx.remembered(&user_id(user), &request, since).await?.expect("it is there now");
                assert_eq!(is_new, found.reply == reply);
                assert_eq!(found.hash, "0a");
                let _ = sender.send(is_new);
                Ok::<_, Fault>(())
            })
        })
        .await?;
    Ok(receiver.await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_remembered_once() -> Result<()> {
    on_both(async |place| {
        assert!(remember(&place, "ann", "first", 100, 50).await?);
        assert!(!remember(&place, "ann", "second", 110, 60).await?, "a younger one is there");
        assert!(remember(&place, "bob", "his", 110, 60).await?, "another user's ids are his own");
        assert!(remember(&place, "ann", "third", 200, 101).await?, "the first is too old");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn old_requests_are_pruned() -> Result<()> {
    on_both(async |place| {
        place
            .unit(|tx| {
                Box::pin(async move {
                    for number in 0..2_500 {
                        let request = RequestId::try_from(number.to_string().as_str()).expect("an id");
                        let remembered = Remembered { hash: "0a".to_owned(), reply: "{}".to_owned() };
                        let now = Timestamp(number);
                        assert!(tx.remember(&user_id("ann"), &request, &remembered, now, Timestamp(0)).await?);
                    }
                    Ok(())
                })
            })
            .await?;
        place.store.prune(Timestamp(2_400), None).await?;
        let left = place.database.query("SELECT MIN(created_at), COUNT(*) FROM requests").await?;
        assert_eq!(left, [["2400", "100"]]);
        Ok(())
    })
    .await
}
