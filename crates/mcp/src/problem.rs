//! Refusals as errors of the protocol. Tools instead answer with the failure of the wire contract.

use boardwire_protocol::{Code, ErrorBody, Violation, failure};
use rmcp::{ErrorData, model::ErrorCode};
use serde_json::Value;

/// The code of a refusal for which the protocol has none.
const REFUSED: ErrorCode = ErrorCode(-32000);

/// Returns the failure in the form that all doors share: `{ok: false, error, code, …}`.
pub(crate) fn failure_object(error: &ErrorBody) -> Value {
    serde_json::from_str(failure(None, error).get()).unwrap_or_default()
}

/// Returns the protocol error that carries this failure.
pub(crate) fn protocol_error(error: &ErrorBody) -> ErrorData {
    let code = match error.code {
        Code::NotFound => ErrorCode::RESOURCE_NOT_FOUND,
        Code::InvalidMessage => ErrorCode::INVALID_PARAMS,
        Code::Internal => ErrorCode::INTERNAL_ERROR,
        _ => REFUSED,
    };
    ErrorData::new(code, error.message.clone(), Some(failure_object(error)))
}

/// Returns the error for an invalid argument.
pub(crate) fn invalid(path: &str, message: &str) -> ErrorBody {
    ErrorBody::invalid(&[Violation::new(path, message)])
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    #[test]
    fn every_code_has_its_error() {
        let of_code = |code: &Code| {
            let error = protocol_error(&ErrorBody::new(*code, "a sentence"));
            (code.as_str().to_owned(), serde_json::to_value(error).unwrap())
        };
        let all: Map<String, Value> = Code::ALL.iter().map(of_code).collect();
        insta::assert_json_snapshot!("codes", all);
    }

    #[test]
    fn a_wrong_argument_is_named() {
        let error = protocol_error(&invalid("updates.title", "is too long"));
        insta::assert_json_snapshot!("argument", error);
    }
}
