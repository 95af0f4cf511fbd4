//! The packets of Engine.IO v4 and Socket.IO v5 as text frames of a WebSocket, as far as a test client needs them.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A packet that the server may send on the default namespace.
#[derive(Debug, PartialEq)]
pub(crate) enum Incoming {
    /// Engine.IO `0`: the session is open.
    Open,
    /// Engine.IO `1`: the server closes the session.
    Close,
    /// Engine.IO `2`: must be answered with `3`.
    Ping,
    /// Engine.IO `3` or `6`: ignored.
    Nothing,
    /// Socket.IO `40`: accepted, with `{sid}`.
    Connected(Value),
    /// Socket.IO `41`: the server leaves the namespace.
    Disconnected,
    /// Socket.IO `42`: name and arguments. The id of a wanted acknowledgement is ignored.
    Event(String, Vec<Value>),
    /// Socket.IO `43`: the acknowledgement of the event sent with this id.
    Ack(u64, Vec<Value>),
    /// Socket.IO `44`: refused, with `{message}`.
    Refused(Value),
}

/// Parses one text frame.
pub(crate) fn parse(frame: &str) -> Result<Incoming> {
    let mut letters = frame.chars();
    let rest = |skip: usize| frame.get(skip..).unwrap_or_default();
    Ok(match (letters.next(), letters.next()) {
        (Some('0'), _) => Incoming::Open,
        (Some('1'), _) => Incoming::Close,
        (Some('2'), _) => Incoming::Ping,
        (Some('3' | '6'), _) => Incoming::Nothing,
        (Some('4'), Some('0')) => Incoming::Connected(json(rest(2))?),
        (Some('4'), Some('1')) => Incoming::Disconnected,
        (Some('4'), Some('2')) => {
            let mut arguments = array(digits(rest(2)).1)?.into_iter();
            match arguments.next() {
                Some(Value::String(name)) => Incoming::Event(name, arguments.collect()),
                other => bail!("an event without a name: {other:?}"),
            }
        }
        (Some('4'), Some('3')) => {
            let (id, arguments) = digits(rest(2));
            Incoming::Ack(id.parse().context("an acknowledgement without an id")?, array(arguments)?)
        }
        (Some('4'), Some('4')) => Incoming::Refused(json(rest(2))?),
        _ => bail!("not a frame of the protocol: {frame:?}"),
    })
}

/// Returns the connect packet with its `auth` object.
pub(crate) fn connect(auth: &Value) -> String {
    format!("40{auth}")
}

/// Returns an event packet with one argument, and with an id if an acknowledgement is wanted.
pub(crate) fn event(name: &str, payload: &Value, ack: Option<u64>) -> String {
    let id = ack.map(|id| id.to_string()).unwrap_or_default();
    format!("42{id}{}", Value::Array(vec![name.into(), payload.clone()]))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()))
}

fn array(text: &str) -> Result<Vec<Value>> {
    match json(text)? {
        Value::Array(items) => Ok(items),
        other => bail!("not an array: {other}"),
    }
}

fn json(text: &str) -> Result<Value> {
    if text.is_empty() { Ok(Value::Null) } else { serde_json::from_str(text).context("reading a packet's JSON") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parses_the_frames_of_a_server() -> Result<()> {
        assert_eq!(parse("2")?, Incoming::Ping);
        assert_eq!(parse("40{\"sid\":\"x\"}")?, Incoming::Connected(json!({ "sid": "x" })));
        assert_eq!(parse("42[\"a\",{\"b\":1}]")?, Incoming::Event("a".into(), vec![json!({ "b": 1 })]));
        assert_eq!(parse("4312[{\"ok\":true}]")?, Incoming::Ack(12, vec![json!({ "ok": true })]));
        assert_eq!(parse("44{\"message\":\"no\"}")?, Incoming::Refused(json!({ "message": "no" })));
        Ok(())
    }

    #[test]
    fn refuses_other_frames() {
        assert!(parse("hello").is_err());
        assert!(parse("42{}").is_err());
    }

    #[test]
    fn writes_the_frames_of_a_client() {
        assert_eq!(event("a", &json!({ "b": 1 }), Some(7)), "427[\"a\",{\"b\":1}]");
        assert_eq!(event("a", &json!({}), None), "42[\"a\",{}]");
    }
}
