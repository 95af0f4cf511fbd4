//! API keys: permissions, refusals, expiry, and what is stored of secrets.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Database, Kind, Server, patient};
use serde_json::{Value, json};

use super::{current, expect_problem, expect_refused};
use crate::scene::{Board, Scene, text};

on_both!(keys_are_scoped_and_their_use_is_recorded, no_part_of_a_secret_is_stored);

async fn create(server: &Server, permissions: &str) -> Result<(String, String)> {
    let arguments = ["api-key", "create", "--user", "ann", "--name", "Agent", "--permissions", permissions];
    let key = server.run(&arguments, "").await?;
    Ok((text(&key["id"])?, text(&key["key"])?))
}

async fn listed(server: &Server, id: &str) -> Result<Value> {
    let keys = server.run(&["api-key", "list", "--user", "ann"], "").await?;
    let found = keys["keys"].as_array().into_iter().flatten().find(|key| key["id"] == id);
    found.cloned().with_context(|| format!("{id} is not listed: {keys}"))
}

async fn keys_are_scoped_and_their_use_is_recorded(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let server = &scene.server;
    server.create_user("ann", "Ann", "read,write").await?;
    let (id, key) = create(server, "read").await?;
    let unused = listed(server, &id).await?;
    ensure!(unused["usedAt"].is_null() && unused["revokedAt"].is_null() && unused["name"] == "Agent", "{unused}");
    ensure!(unused["permissions"] == json!(["read"]) && !unused.to_string().contains(&key), "{unused}");

    let agent = Client::connect(&server.url(), json!({ "apiKey": key })).await?;
    assert_eq!(agent.status()["data"]["user"]["permissions"], json!(["read"]));
    assert_eq!(agent.status()["data"]["user"]["id"], "ann");
    agent.refused("board:create", json!({ "name": "B" }), "FORBIDDEN").await?;
    ensure!(!listed(server, &id).await?["usedAt"].is_null(), "its use is not recorded");

    // A key gets no permissions beyond its user's, even if it asks for them.
    let (_, key) = create(server, "read,write,admin").await?;
    let answer = current(server).header("x-api-key", &key).send().await?;
    ensure!(answer.status == 200, "{answer:?}");
    assert_eq!(answer.json()?["user"]["permissions"], json!(["read", "write"]));
    let writer = Client::connect(&server.url(), json!({ "apiKey": key })).await?;
    Board::create(&writer, &[]).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_invalid_keys_get_the_same_refusal() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let server = &scene.server;
    server.create_user("ann", "Ann", "read,write").await?;
    let (id, key) = create(server, "read,write").await?;
    let (revoked_id, revoked) = create(server, "read,write").await?;
    server.run(&["api-key", "revoke", &revoked_id], "").await?;
    let last = if key.ends_with('A') { "B" } else { "A" };
    let wrong = [
        format!("{}{last}", &key[..key.len() - 1]),
        key.replace(&id, "0123456789abcdef"),
        revoked.clone(),
        key.replace("bwk_", "bws_"),
        format!("{key}x"),
        id.clone(),
        "x' OR 1=1 --".to_owned(),
        String::new(),
    ];
    for wrong in wrong {
        expect_refused(server, json!({ "apiKey": wrong })).await?;
        let answer = current(server).header("x-api-key", &wrong).send().await?;
        expect_problem(&answer, 401, "UNAUTHENTICATED")?;
        ensure!(answer.header("www-authenticate") == Some("Bearer"), "{answer:?}");
    }
    expect_refused(server, json!({ "sessionId": key })).await?;
    expect_refused(server, json!({ "token": key })).await?;
    // The first credential counts, even if a later one is valid.
    expect_refused(server, json!({ "token": "x", "apiKey": key })).await?;
    Client::connect(&server.url(), json!({ "apiKey": key, "sessionId": "x" })).await?;

    for arguments in [["api-key", "revoke", "0123456789abcdef"], ["api-key", "revoke", revoked_id.as_str()]] {
        let error = server.run(&arguments, "").await.err().context("it was revoked")?.to_string();
        ensure!(error.contains("there is no API key") || error.contains("was revoked before"), "{error}");
    }
    let nobody = ["api-key", "create", "--user", "nobody", "--name", "x"];
    let error = server.run(&nobody, "").await.err().context("a key for nobody")?;
    ensure!(error.to_string().contains("there is no user nobody"), "{error}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_can_expire() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let server = &scene.server;
    server.create_user("ann", "Ann", "read").await?;
    let ttl = format!("{}s", patient(Duration::from_secs(8)).as_secs());
    let key = server.run(&["api-key", "create", "--user", "ann", "--name", "Short", "--ttl", &ttl], "").await?;
    let agent = Client::connect(&server.url(), json!({ "apiKey": key["key"] })).await?;
    let error = agent.next_event("error").await?;
    assert_eq!(error.payload["code"], "UNAUTHENTICATED");
    expect_refused(server, json!({ "apiKey": key["key"] })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_with_control_characters_are_refused() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let server = &scene.server;
    server.create_user("ann", "Ann", "read").await?;
    for name in ["x\n0123456789abcdef  ann  Forged  valid", "\u{1b}[2Jx", "x\u{9b}2J"] {
        for arguments in
            [["user", "create", "--id", "ann", "--name", name], ["api-key", "create", "--user", "ann", "--name", name]]
        {
            let error = server.run(&arguments, "").await.err().with_context(|| format!("{arguments:?} was taken"))?;
            ensure!(error.to_string().contains("no control characters"), "{error}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credential_commands_do_not_create_a_database() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    let file = scene.database.folder().join("mistyped.db");
    let url = format!("sqlite://{}", file.display());
    let commands: [&[&str]; 4] = [
        &["token", "issue", "--user", "ann"],
        &["api-key", "create", "--user", "ann", "--name", "x"],
        &["api-key", "list"],
        &["api-key", "revoke", "0123456789abcdef"],
    ];
    for command in commands {
        let arguments = [command, &["--database-url", &url]].concat();
        let error =
            scene.server.run(&arguments, "").await.err().with_context(|| format!("{command:?} ran"))?.to_string();
        ensure!(error.contains("there is no such database") && error.contains("--database-url"), "{error}");
        for name in ["mistyped.db", "mistyped.db.secret"] {
            ensure!(!scene.database.folder().join(name).exists(), "{command:?} created {name}");
        }
    }
    scene.server.run(&["user", "create", "--id", "ann", "--name", "Ann", "--database-url", &url], "").await?;
    ensure!(file.exists(), "`user create` did not create it");
    let wanted = ["token", "issue", "--user", "ann", "--permissions", "admin", "--database-url", &url];
    let issued = scene.server.run(&wanted, "").await?;
    ensure!(issued["token"].is_string(), "asking for a permission that the user lacks must not fail: {issued}");
    Ok(())
}

/// Returns everything that the database contains, as bytes.
async fn contents(database: &Database) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match database.kind() {
        Kind::Sqlite => {
            for file in std::fs::read_dir(database.folder())? {
                let file = file?.path();
                if file.is_file() {
                    bytes.extend(std::fs::read(file)?);
                }
            }
        }
        Kind::Postgres => {
            let tables = database.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").await?;
            for table in tables.into_iter().flatten() {
                for row in database.query(&format!("SELECT t::text FROM \"{table}\" t")).await? {
                    bytes.extend(row.concat().into_bytes());
                }
            }
        }
    }
    Ok(bytes)
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

async fn no_part_of_a_secret_is_stored(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let server = &scene.server;
    super::user(&scene, "ann", super::PASSWORD).await?;
    let (id, key) = create(server, "read,write").await?;
    let session = text(&super::login(server, "ann", super::PASSWORD).send().await?.json()?["sessionId"])?;
    for auth in [json!({ "apiKey": key }), json!({ "sessionId": session })] {
        let client = Client::connect(&server.url(), auth).await?;
        client.ask("board:create", json!({ "name": "Used", "requestId": "r" })).await?;
    }
    let stored = contents(&scene.database).await?;
    let session_id = session.split('_').nth(1).context("a session without an id")?;
    ensure!(contains(&stored, &id) && contains(&stored, session_id), "the search finds nothing at all");
    ensure!(!contains(&stored, super::PASSWORD), "the password is stored");
    for secret in [&key, &session] {
        let secret = secret.splitn(3, '_').nth(2).context("no secret part")?;
        ensure!(secret.len() == 43, "the secret part is {secret}");
        // No part of it either.
        for piece in secret.as_bytes().windows(12) {
            ensure!(!contains(&stored, std::str::from_utf8(piece)?), "a part of a secret is stored");
        }
    }
    Ok(())
}
