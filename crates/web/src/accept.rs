//! The headers with which a request says what it accepts.

use http::{HeaderMap, HeaderName};

/// Returns whether a header such as `Accept` names one of these without refusing it.
pub(crate) fn accepts(headers: &HeaderMap, header: &HeaderName, names: &[&str]) -> bool {
    let values = headers.get_all(header).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|named| {
        let mut parts = named.split(';').map(str::trim);
        let known = parts.next().is_some_and(|name| names.iter().any(|known| name.eq_ignore_ascii_case(known)));
        known && !parts.any(is_refusal)
    })
}

/// Returns whether a parameter is `q=0`.
fn is_refusal(parameter: &str) -> bool {
    parameter
        .split_once('=')
        .is_some_and(|(name, weight)| name.trim().eq_ignore_ascii_case("q") && weight.trim().parse() == Ok(0.0))
}
