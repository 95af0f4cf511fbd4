//! The reply to a command: one JSON object, the same in a callback and in an event.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::{ErrorBody, RequestId, Seq};

/// The fields that precede the result.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
}

impl Head<'_> {
    /// Joins two JSON objects as text, so that the result need not be encoded again.
    fn join(&self, body: &RawValue) -> Box<RawValue> {
        let joined = serde_json::to_string(self).ok().and_then(|head| {
            let head = head.strip_suffix('}')?;
            let body = body.get().trim_ascii().strip_prefix('{')?;
            let comma = if body.trim_ascii_start().starts_with('}') { "" } else { "," };
            RawValue::from_string(format!("{head}{comma}{body}")).ok()
        });
        joined.unwrap_or_else(|| RawValue::NULL.to_owned())
    }
}

/// Returns `{ok: true, requestId?, seq?, …result}`. The result is a JSON object; for one that has a field `seq`, pass
/// `None` as `seq`.
#[must_use]
pub fn success(request_id: Option<&RequestId>, seq: Option<Seq>, result: &RawValue) -> Box<RawValue> {
    Head { ok: true, request_id, seq }.join(result)
}

/// Returns `{ok: false, requestId?, error, code, details?, retryAfter?, …}`.
#[must_use]
pub fn failure(request_id: Option<&RequestId>, error: &ErrorBody) -> Box<RawValue> {
    let body = to_raw_value(error).unwrap_or_else(|_| RawValue::NULL.to_owned());
    Head { ok: false, request_id, seq: None }.join(&body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn a_reply_joins_its_head_and_the_result_or_error() {
        let request_id = RequestId::try_from("r").unwrap();
        assert_eq!(
            success(Some(&request_id), Some(Seq(7)), &raw(r#"{"taskId":"t"}"#)).get(),
            r#"{"ok":true,"requestId":"r","seq":7,"taskId":"t"}"#
        );
        assert_eq!(success(None, None, &raw("{}")).get(), r#"{"ok":true}"#);
        let error = ErrorBody::new(Code::NotFound, "no such task");
        assert_eq!(failure(None, &error).get(), r#"{"ok":false,"error":"no such task","code":"NOT_FOUND"}"#);
    }
}
