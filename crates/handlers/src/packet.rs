//! Reads a packet: the JSON array of an event's name and its arguments.

use boardwire_protocol::RequestId;
use serde_json::{Value, value::RawValue};

/// The longest event name that is repeated in an answer, in bytes. Names of commands are shorter.
const MAX_NAME_BYTES: usize = 100;

/// Returns the name and the only argument of an event. An event without a name, or with a long one, is answered as
/// `message`.
pub(crate) fn split(packet: &str, binary: bool) -> (String, Result<Value, &'static str>) {
    let nameless = |message| ("message".to_owned(), Err(message));
    let Ok(parts) = serde_json::from_str::<Vec<&RawValue>>(packet) else { return nameless("this is not a JSON array") };
    let mut parts = parts.into_iter();
    let name = parts.next().and_then(|name| serde_json::from_str::<String>(name.get()).ok());
    let Some(name) = name.filter(|name| name.len() <= MAX_NAME_BYTES) else {
        return nameless("the event has no name that a command could have");
    };
    let payload = match (parts.next(), parts.next()) {
        _ if binary => Err("binary data is not accepted"),
        (None, _) => Ok(Value::Null),
        (Some(argument), None) => serde_json::from_str(argument.get()).map_err(|_| "the argument is not valid JSON"),
        (_, Some(_)) => Err("a command takes one JSON object, and got more than one argument"),
    };
    (name, payload)
}

/// Returns the request id in a payload, if there is one that can be read.
pub(crate) fn request_id(payload: &Value) -> Option<RequestId> {
    RequestId::try_from(payload.get("requestId")?.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(packet: &str, binary: bool, name: &str, readable: bool) {
        let (found, payload) = split(packet, binary);
        assert_eq!((found.as_str(), payload.is_ok()), (name, readable), "{packet}");
    }

    #[test]
    fn what_is_wrong_is_answered_under_the_name_that_can_be_read() {
        check(r#"["task:get",{"taskId":"t"}]"#, false, "task:get", true);
        check(r#"["view:leave"]"#, false, "view:leave", true);
        check(r#"["task:get",{},{}]"#, false, "task:get", false);
        check(r#"["task:get",{"taskId":"\ud800"}]"#, false, "task:get", false);
        check(r#"["task:get",{"_placeholder":true,"num":0}]"#, true, "task:get", false);
        check("[7,{}]", false, "message", false);
        check("[]", false, "message", false);
        check(&format!(r#"["{}",{{}}]"#, "x".repeat(MAX_NAME_BYTES + 1)), false, "message", false);
        check("{}", false, "message", false);
        check(&format!(r#"["task:get",{}]"#, "[".repeat(30_000)), false, "message", false);
    }
}
