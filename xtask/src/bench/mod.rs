//! `cargo xtask bench`: the server and a bare socketioxide broadcast under the same load, in the same run. Because
//! machines are noisy, only the ratio counts.

mod target;

use anyhow::{Context as _, Result};
use serde_json::Value;

use self::target::Target;
use crate::{process, workspace::Workspace};

/// Runs the benchmark. With `quick`, a short run on debug builds shows only that it works.
pub(crate) fn run(workspace: &Workspace, quick: bool) -> Result<()> {
    let mut build = workspace.cargo(&["build", "--workspace", "--bin", "boardwire", "--examples"]);
    let (folder, size) = if quick {
        println!("  building without optimisation: the figures mean nothing");
        (workspace.target.join("debug"), "quick")
    } else {
        println!("  building with optimisation");
        build.arg("--release");
        (workspace.target.join("release"), "full")
    };
    process::run(&mut build)?;
    let load = folder.join("examples/load");

    println!("  measuring boardwire");
    let scratch = workspace.scratch().join("bench");
    let boardwire = Target::boardwire(&folder.join("boardwire"), &scratch)?;
    let boardwire = boardwire.measure(&load, size).context("boardwire")?;
    println!("  measuring a bare socketioxide broadcast");
    let bare = Target::bare(&folder.join("examples/bare_broadcast"))?;
    let bare = bare.measure(&load, size).context("the bare peer")?;
    print(&boardwire, &bare);
    Ok(())
}

fn print(boardwire: &Value, bare: &Value) {
    let readers = boardwire["readers"].as_u64().unwrap_or_default();
    let paces = [("one event every 20 ms", "paced"), ("ten every 200 ms", "bursts"), ("back to back", "full")];
    let mut rows = vec![
        ("commands/s, 1 writer".to_owned(), "/commands_1".to_owned()),
        ("commands/s, 64 writers".to_owned(), "/commands_64".to_owned()),
    ];
    for (name, key) in paces {
        rows.push((format!("deliveries/s, {readers} sockets, {name}"), format!("/{key}/deliveries_per_second")));
        rows.push((format!("CPU s per million, {readers} sockets, {name}"), format!("/{key}/cpu_seconds_per_million")));
    }
    rows.push(("KiB per idle socket".to_owned(), "/idle_kib".to_owned()));
    println!();
    println!("  {:<56} {:>12} {:>12} {:>8}", "", "boardwire", "bare", "ratio");
    for (name, pointer) in rows {
        let number = |value: &Value| value.pointer(&pointer).and_then(Value::as_f64).unwrap_or(f64::NAN);
        let (ours, theirs) = (number(boardwire), number(bare));
        println!("  {name:<56} {ours:>12.1} {theirs:>12.1} {:>8.2}", ours / theirs);
    }
    let missing = |value: &Value| -> u64 {
        paces.iter().filter_map(|(_, key)| value.pointer(&format!("/{key}/missing")).and_then(Value::as_u64)).sum()
    };
    println!("  {:<56} {:>12} {:>12}", "events that never arrived", missing(boardwire), missing(bare));
    println!();
    println!("  boardwire: acknowledged after the commit is synced to SQLite; the bare peer stores nothing.");
}
