//! Decodes commands from JSON, and prints what is wrong with those that have the wrong shape.
#![expect(clippy::print_stdout, reason = "an example")]

use boardwire_protocol::{Command, CommandKind, Decoded};
use serde_json::json;

fn main() {
    for (name, payload) in [
        ("task:create", json!({"boardId": "b1", "title": "Say hello", "requestId": "r1"})),
        ("task:update", json!({"taskId": "t1", "updates": {"priority": 11}})),
        ("task:update", json!({"taskId": "t1", "updates": {"titel": "Say hello"}})),
        ("view:board", json!("b1")),
        ("board:get", json!({})),
        ("task:paint", json!({})),
    ] {
        let Some(kind) = CommandKind::from_name(name) else {
            println!("{name}: no such command");
            continue;
        };
        match Decoded::from_payload(kind, payload) {
            Ok(Decoded { command, .. }) => println!("{name}: {} {}", kind.group().name(), fields(&command)),
            Err(invalid) => {
                for violation in invalid.violations {
                    println!("{name}: {} {}", violation.path, violation.message);
                }
            }
        }
    }
}

fn fields(command: &Command) -> serde_json::Value {
    match command {
        Command::Change(command) => command.payload(),
        Command::Query(command) => command.payload(),
        Command::Connection(command) => command.payload(),
    }
}
