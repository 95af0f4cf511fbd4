//! The benchmark's point of comparison: bare socketioxide with one room, no storage, no rules and no ordering. Prints
//! its address in the same form as the server.

use std::convert::Infallible;

use axum::Router;
use serde_json::{Value, json};
use socketioxide::{
    SocketIo,
    extract::{AckSender, Data, SocketRef},
    handler::ConnectHandler as _,
};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the line that tells where it listens")]
async fn main() -> anyhow::Result<()> {
    let (layer, io) = SocketIo::builder().ws_read_buffer_size(1024).build_layer();
    // In a middleware, because the connect handler may run after the first event, which would then be lost.
    let listen = async |socket: SocketRef| {
        socket.on("view:board", async |socket: SocketRef, ack: AckSender| {
            socket.join("board");
            ack.send(&json!({"ok": true})).ok();
        });
        socket.on("task:update", async |socket: SocketRef, Data(payload): Data<Value>, ack: AckSender| {
            socket.to("board").emit("task:updated", &event(&payload)).await.ok();
            ack.send(&json!({"ok": true, "task": payload})).ok();
        });
        Ok::<_, Infallible>(())
    };
    io.ns("/", (async |_: SocketRef| {}).with(listen));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", json!({"listening": listener.local_addr()?.to_string()}));
    axum::serve(listener, Router::new().layer(layer)).await?;
    Ok(())
}

/// Returns an event as large as the server's own for the same update.
fn event(payload: &Value) -> Value {
    json!({
        "type": "task:updated",
        "data": {
            "task": {
                "id": "01a20931-4012-706c-a655-98f169c51f90", "board_id": "bench", "column_id": "01a20931-3b7b-767f-8c49-9ac5d31fe575",
                "title": payload["updates"]["title"], "description": "", "status": "todo", "position": "a4", "priority": 0,
                "assignee": null, "due_date": null, "tags": [], "version": 1, "created_by": "writer",
                "created_at": "2026-11-23T16:15:52.332Z", "updated_at": "2026-11-23T16:15:52.332Z", "completed_at": null,
            },
            "changes": payload["updates"], "updatedBy": "writer", "boardId": "bench",
        },
        "timestamp": "2026-11-23T16:15:52.332Z", "id": "01a20931-401b-7563-8605-1c93feed4f14", "boardId": "bench", "seq": 12345,
        "userId": "writer",
    })
}
