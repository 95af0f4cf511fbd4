//! The statements that commands run: no more for many rows than for few, and none that loads data before the caller's
//! access has been checked.

use anyhow::Result;
use boardwire_protocol::TaskId;
use boardwire_services::{Caller, ServiceError};
use boardwire_test_support::statements;
use serde_json::{Value, json};

use crate::fixture::{Fixture, on_both};

/// A small and a large number of rows, for which the statements are compared.
const SIZES: [usize; 2] = [2, 30];

/// Runs a command that succeeds, and returns the statements that it took.
async fn cost(fixture: &Fixture, caller: &Caller, name: &str, payload: Value) -> Result<Vec<&'static str>> {
    let (answer, ran) = statements(fixture.call(caller, name, payload)).await;
    answer?;
    assert!(ran.contains(&"db.event.append"), "{name}: {ran:?}");
    Ok(ran)
}

/// Returns the number of rows of a table that match a condition: `{table} WHERE {condition}`.
async fn count(fixture: &Fixture, rows: &str) -> Result<usize> {
    Ok(fixture.database.query(&format!("SELECT COUNT(*) FROM {rows}")).await?[0][0].parse()?)
}

/// Creates a board that the caller owns. Returns its id and those of its columns.
async fn board<U: AsRef<str>>(fixture: &Fixture, caller: &Caller, members: &[U]) -> Result<(String, Vec<String>)> {
    let created = fixture.call(caller, "board:create", json!({ "name": "B" })).await?;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let (board, columns) = (id(&created["board"]), created["columns"].as_array().unwrap().iter().map(id).collect());
    for user in members {
        fixture
            .call(caller, "board:member:set", json!({ "boardId": board, "userId": user.as_ref(), "role": "member" }))
            .await?;
    }
    Ok((board, columns))
}

/// Creates a task and returns its id.
async fn task(fixture: &Fixture, caller: &Caller, board: &str, assignee: Option<&str>) -> Result<String> {
    let task = json!({ "boardId": board, "title": "T", "assignee": assignee });
    Ok(fixture.call(caller, "task:create", task).await?["task"]["id"].as_str().unwrap().to_owned())
}

/// Creates a task and claims it for the caller.
async fn claim_new_task(fixture: &Fixture, caller: &Caller, board: &str) -> Result<()> {
    let task = task(fixture, caller, board, None).await?;
    fixture.call(caller, "task:claim", json!({ "boardId": board, "taskId": task })).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_the_tasks_of_a_column_takes_a_constant_number_of_statements() -> Result<()> {
    on_both(async |fixture| {
        let ann = fixture.user("ann", &[]).await?;
        let mut costs = Vec::new();
        for tasks in SIZES {
            let users: Vec<_> = (0..tasks).map(|number| format!("user{number}")).collect();
            for user in &users {
                fixture.user(user, &[]).await?;
            }
            let (board, columns) = board(fixture, &ann, &users).await?;
            for user in &users {
                task(fixture, &ann, &board, Some(user)).await?;
            }
            let delete = json!({ "columnId": columns[0], "moveTasksTo": columns[2] });
            costs.push(cost(fixture, &ann, "column:delete", delete).await?);
            let moved = format!("tasks WHERE column_id = '{}' AND status = 'done'", columns[2]);
            assert_eq!(count(fixture, &moved).await?, tasks);
            let notified = format!("notifications WHERE board_id = '{board}' AND text LIKE '% moved %'");
            assert_eq!(count(fixture, &notified).await?, tasks);
        }
        assert_eq!(costs[0], costs[1]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_and_removing_a_team_takes_a_constant_number_of_statements() -> Result<()> {
    on_both(async |fixture| {
        let (mut adding, mut replacing) = (Vec::new(), Vec::new());
        for users in SIZES {
            let [red, blue] = ["red", "blue"].map(|color| format!("{color}{users}"));
            let ann = fixture.user(&format!("ann{users}"), &[&red, &blue]).await?;
            let (board, _) = board::<&str>(fixture, &ann, &[]).await?;
            let mut reds = Vec::new();
            for user in 0..users {
                reds.push(fixture.user(&format!("{red}-{user}"), &[&red]).await?);
                fixture.user(&format!("{blue}-{user}"), &[&blue]).await?;
            }
            let give_to = |team: &str| json!({ "boardId": board, "updates": { "team_id": team } });
            adding.push(cost(fixture, &ann, "board:update", give_to(&red)).await?);
            for user in &reds {
                claim_new_task(fixture, user, &board).await?;
            }
            replacing.push(cost(fixture, &ann, "board:update", give_to(&blue)).await?);
            let of_board = format!("board_id = '{board}'");
            assert_eq!(
                count(fixture, &format!("tasks WHERE {of_board} AND lease IS NULL AND assignee IS NULL")).await?,
                users
            );
            assert_eq!(count(fixture, &format!("events WHERE {of_board} AND kind = 'task:released'")).await?, users);
            assert_eq!(count(fixture, &format!("members WHERE {of_board} AND team_id = '{blue}'")).await?, users);
            assert_eq!(count(fixture, &format!("members WHERE {of_board}")).await?, users + 1, "the team, and ann");
        }
        assert_eq!(adding[0], adding[1]);
        assert_eq!(replacing[0], replacing[1]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_the_leases_of_a_member_takes_a_constant_number_of_statements() -> Result<()> {
    on_both(async |fixture| {
        let (ann, bob) = (fixture.user("ann", &[]).await?, fixture.user("bob", &[]).await?);
        let mut costs = Vec::new();
        for leases in SIZES {
            let (board, _) = board(fixture, &ann, &["bob"]).await?;
            claim_new_task(fixture, &ann, &board).await?;
            let removed = json!({ "boardId": board, "userId": "bob" });
            let ran = cost(fixture, &ann, "board:member:remove", removed).await?;
            assert!(!ran.contains(&"db.task.find_all"), "tasks of other users were read: {ran:?}");
            let added = json!({ "boardId": board, "userId": "bob", "role": "member" });
            fixture.call(&ann, "board:member:set", added).await?;
            for _ in 0..leases {
                claim_new_task(fixture, &bob, &board).await?;
            }
            let bob = json!({ "boardId": board, "userId": "bob" });
            costs.push(cost(fixture, &ann, "board:member:remove", bob).await?);
            let held = format!("tasks WHERE board_id = '{board}' AND lease IS NOT NULL");
            assert_eq!(count(fixture, &held).await?, 1, "only ann's lease must be left");
        }
        assert_eq!(costs[0], costs[1]);
        Ok(())
    })
    .await
}

/// Tasks can be long: they are not loaded for callers who may not read them.
#[tokio::test(flavor = "multi_thread")]
async fn no_task_is_loaded_for_a_stranger() -> Result<()> {
    on_both(async |fixture| {
        let (ann, eve) = (fixture.user("ann", &[]).await?, fixture.user("eve", &[]).await?);
        let (board, _) = board::<&str>(fixture, &ann, &[]).await?;
        let task = task(fixture, &ann, &board, None).await?;
        let id = TaskId::try_from(task.as_str())?;
        let (get, get_ran) = statements(fixture.call(&eve, "task:get", json!({ "taskId": task }))).await;
        let (view, view_ran) = statements(fixture.services.readable_task(&eve, &id)).await;
        let (attach, attach_ran) = statements(fixture.services.may_attach(&eve, &id)).await;
        for (result, ran) in [(get.map(drop), get_ran), (view.map(drop), view_ran), (attach, attach_ran)] {
            assert!(matches!(result, Err(ServiceError::NotFound("task"))), "{result:?}");
            assert_eq!(ran, ["db.task.board_of", "db.member.role"]);
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn mentioned_users_are_looked_up_in_one_statement() -> Result<()> {
    on_both(async |fixture| {
        let users = ["bob", "cid", "dan"];
        let ann = fixture.user("ann", &[]).await?;
        for user in users {
            fixture.user(user, &[]).await?;
        }
        let (board, _) = board(fixture, &ann, &users).await?;
        let task = task(fixture, &ann, &board, None).await?;
        let comment = json!({ "taskId": task, "body": "@bob @cid @dan" });
        let ran = cost(fixture, &ann, "task:comment:add", comment).await?;
        let times = |name| ran.iter().filter(|ran| **ran == name).count();
        assert_eq!(times("db.notification.insert"), users.len());
        assert_eq!(
            (times("db.user.access"), times("db.member.role")),
            (1, 1),
            "one look-up of all mentioned users, one of the author: {ran:?}"
        );
        Ok(())
    })
    .await
}
