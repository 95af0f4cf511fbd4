//! How many statements commands take: to look up and to change many rows as many as for few, and none that loads data
//! before the caller is known to have access.

use anyhow::Result;
use boardwire_protocol::TaskId;
use boardwire_services::{Caller, ServiceError};
use boardwire_test_support::statements;
use serde_json::{Value, json};

use crate::fixture::{Fixture, on_both};

/// A small and a large number of rows.
const SIZES: [usize; 2] = [2, 30];

/// Runs a command that succeeds, and returns the statements that it took.
async fn cost(fixture: &Fixture, caller: &Caller, name: &str, payload: Value) -> Result<Vec<&'static str>> {
    let (answer, ran) = statements(fixture.ask(caller, name, payload)).await;
    answer?;
    assert!(ran.contains(&"db.event.append"), "{name}: {ran:?}");
    Ok(ran)
}

/// Returns the number of rows that a query counts.
async fn count(fixture: &Fixture, of: &str) -> Result<usize> {
    Ok(fixture.database.query(&format!("SELECT COUNT(*) FROM {of}")).await?[0][0].parse()?)
}

/// Creates a board of the caller's. Returns its id and those of its columns.
async fn board<U: AsRef<str>>(fixture: &Fixture, caller: &Caller, members: &[U]) -> Result<(String, Vec<String>)> {
    let made = fixture.ask(caller, "board:create", json!({ "name": "B" })).await?;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let (board, columns) = (id(&made["board"]), made["columns"].as_array().unwrap().iter().map(id).collect());
    for user in members {
        fixture
            .ask(caller, "board:member:set", json!({ "boardId": board, "userId": user.as_ref(), "role": "member" }))
            .await?;
    }
    Ok((board, columns))
}

/// Creates a task and returns its id.
async fn task(fixture: &Fixture, caller: &Caller, board: &str, assignee: Option<&str>) -> Result<String> {
    let task = json!({ "boardId": board, "title": "T", "assignee": assignee });
    Ok(fixture.ask(caller, "task:create", task).await?["task"]["id"].as_str().unwrap().to_owned())
}

/// Creates a task that the caller claims.
async fn claimed(fixture: &Fixture, caller: &Caller, board: &str) -> Result<()> {
    let task = task(fixture, caller, board, None).await?;
    fixture.ask(caller, "task:claim", json!({ "boardId": board, "taskId": task })).await?;
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
            let told = format!("notifications WHERE board_id = '{board}' AND text LIKE '% moved %'");
            assert_eq!(count(fixture, &told).await?, tasks);
        }
        assert_eq!(costs[0], costs[1]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_and_removing_a_team_takes_a_constant_number_of_statements() -> Result<()> {
    on_both(async |fixture| {
        let (mut coming, mut going) = (Vec::new(), Vec::new());
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
            coming.push(cost(fixture, &ann, "board:update", give_to(&red)).await?);
            for user in &reds {
                claimed(fixture, user, &board).await?;
            }
            going.push(cost(fixture, &ann, "board:update", give_to(&blue)).await?);
            let of_board = format!("board_id = '{board}'");
            assert_eq!(
                count(fixture, &format!("tasks WHERE {of_board} AND lease IS NULL AND assignee IS NULL")).await?,
                users
            );
            assert_eq!(count(fixture, &format!("events WHERE {of_board} AND kind = 'task:released'")).await?, users);
            assert_eq!(count(fixture, &format!("members WHERE {of_board} AND team_id = '{blue}'")).await?, users);
            assert_eq!(count(fixture, &format!("members WHERE {of_board}")).await?, users + 1, "ann is one by name");
        }
        assert_eq!(coming[0], coming[1]);
        assert_eq!(going[0], going[1]);
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
            claimed(fixture, &ann, &board).await?;
            let removed = json!({ "boardId": board, "userId": "bob" });
            let ran = cost(fixture, &ann, "board:member:remove", removed).await?;
            assert!(!ran.contains(&"db.task.find_all"), "nobody else's task is read: {ran:?}");
            let back = json!({ "boardId": board, "userId": "bob", "role": "member" });
            fixture.ask(&ann, "board:member:set", back).await?;
            for _ in 0..leases {
                claimed(fixture, &bob, &board).await?;
            }
            let bob = json!({ "boardId": board, "userId": "bob" });
            costs.push(cost(fixture, &ann, "board:member:remove", bob).await?);
            let held = format!("tasks WHERE board_id = '{board}' AND lease IS NOT NULL");
            assert_eq!(count(fixture, &held).await?, 1, "ann keeps hers");
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
        let (got, get) = statements(fixture.ask(&eve, "task:get", json!({ "taskId": task }))).await;
        let (read, view) = statements(fixture.services.readable_task(&eve, &id)).await;
        let (may, attach) = statements(fixture.services.may_attach(&eve, &id)).await;
        for (refused, ran) in [(got.map(drop), get), (read.map(drop), view), (may, attach)] {
            assert!(matches!(refused, Err(ServiceError::NotFound("task"))), "{refused:?}");
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
        assert_eq!((times("db.user.access"), times("db.member.role")), (1, 1), "theirs, and the author's: {ran:?}");
        Ok(())
    })
    .await
}
