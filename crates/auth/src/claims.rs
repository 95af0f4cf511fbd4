//! Reads the claims of a token whose signature has been checked. Comparing them with the clock and the configuration is
//! left to the verifier.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::permission::Permissions;
use crate::refusal::Refusal;
use crate::user_id::is_user_id;

/// The largest `exp`, `nbf` or `iat`: the end of the year 9999, in Unix seconds. A later time is a mistake, and could
/// make sums of times overflow.
const MAX_UNIX_SECONDS: i64 = 253_402_300_799;

/// The claims of a valid token: those of [RFC 7519 section 4.1](https://www.rfc-editor.org/rfc/rfc7519#section-4.1),
/// and `name`, `teams` and `permissions`. Times are in Unix seconds, without fractions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The user id: 1–64 characters of `A-Z a-z 0-9 _ -`.
    pub sub: String,
    /// When the token expires.
    pub exp: i64,
    /// When the token was issued. Nothing depends on it.
    pub iat: Option<i64>,
    /// When the token becomes valid.
    pub nbf: Option<i64>,
    /// The token's own id.
    pub jti: Option<String>,
    /// The subject's name that people see.
    pub name: Option<String>,
    /// The subject's teams.
    pub teams: Option<Vec<String>>,
    /// The permissions that the token is limited to; `None`: all that the account has. Unknown names are ignored, so
    /// that an issuer may add its own: `["delete"]` is the empty set.
    pub permissions: Option<Permissions>,
    /// The issuer.
    pub iss: Option<String>,
    /// The audience; empty if the token names none. A single string counts as a list of one.
    pub aud: Vec<String>,
}

/// The claims as they are in the JSON. A repeated claim is an error; unknown claims are ignored.
#[derive(Deserialize)]
pub(crate) struct RawClaims {
    sub: Option<Value>,
    exp: Option<Value>,
    iat: Option<Value>,
    nbf: Option<Value>,
    jti: Option<Value>,
    name: Option<Value>,
    teams: Option<Value>,
    /// Only here `null` differs from absence: an absent claim grants all permissions, so a present one must be a list.
    #[serde(default, deserialize_with = "present")]
    permissions: Option<Value>,
    iss: Option<Value>,
    aud: Option<Value>,
}

impl RawClaims {
    /// Returns the claims, if all required ones are present and all are of the right type and in range.
    pub(crate) fn read(self) -> Result<Claims, Refusal> {
        let sub = text("sub", self.sub)?.ok_or(Refusal::MissingClaim("sub"))?;
        if !is_user_id(&sub) {
            return Err(Refusal::InvalidClaim("sub"));
        }
        let permissions = list("permissions", self.permissions)?
            .map(|names| names.iter().filter_map(|name| name.parse().ok()).collect());
        let aud = match self.aud {
            Some(Value::String(one)) => vec![one],
            other => list("aud", other)?.unwrap_or_default(),
        };
        Ok(Claims {
            sub,
            exp: seconds("exp", self.exp)?.ok_or(Refusal::MissingClaim("exp"))?,
            iat: seconds("iat", self.iat)?,
            nbf: seconds("nbf", self.nbf)?,
            jti: text("jti", self.jti)?,
            name: text("name", self.name)?,
            teams: list("teams", self.teams)?,
            permissions,
            iss: text("iss", self.iss)?,
            aud,
        })
    }
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn text(claim: &'static str, value: Option<Value>) -> Result<Option<String>, Refusal> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::InvalidClaim(claim)),
    }
}

fn list(claim: &'static str, value: Option<Value>) -> Result<Option<Vec<String>>, Refusal> {
    match value {
        None => Ok(None),
        Some(Value::Array(items)) => {
            let texts = items.into_iter().map(|item| text(claim, Some(item)).map(Option::unwrap_or_default));
            texts.collect::<Result<_, _>>().map(Some)
        }
        Some(_) => Err(Refusal::InvalidClaim(claim)),
    }
}

/// Reads a `NumericDate`: a JSON number of seconds, perhaps with a fraction.
fn seconds(claim: &'static str, value: Option<Value>) -> Result<Option<i64>, Refusal> {
    let Some(value) = value else { return Ok(None) };
    // A float out of range saturates and then fails the range check; JSON has no NaN.
    let whole = value.as_i64().or_else(|| value.as_f64().map(|float| float.floor() as i64));
    match whole {
        Some(whole) if (0..=MAX_UNIX_SECONDS).contains(&whole) => Ok(Some(whole)),
        _ => Err(Refusal::InvalidClaim(claim)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: Value) -> Result<Claims, Refusal> {
        serde_json::from_value::<RawClaims>(claims).unwrap().read()
    }

    #[test]
    fn sub_and_exp_are_required() {
        assert_eq!(read(json!({"exp": 1})), Err(Refusal::MissingClaim("sub")));
        assert_eq!(read(json!({"sub": null, "exp": 1})), Err(Refusal::MissingClaim("sub")));
        assert_eq!(read(json!({"sub": "a"})), Err(Refusal::MissingClaim("exp")));
        assert_eq!(read(json!({"sub": "a", "exp": null})), Err(Refusal::MissingClaim("exp")));
        assert_eq!(read(json!({"sub": "a b", "exp": 1})), Err(Refusal::InvalidClaim("sub")));
        assert_eq!(read(json!({"sub": 7, "exp": 1})), Err(Refusal::InvalidClaim("sub")));
    }

    #[test]
    fn times_are_numbers_in_range() {
        for bad in [json!("1"), json!(u64::MAX), json!(i64::MAX), json!(1e300), json!(-1), json!(true), json!([1])] {
            assert_eq!(read(json!({"sub": "a", "exp": bad})), Err(Refusal::InvalidClaim("exp")));
            assert_eq!(read(json!({"sub": "a", "exp": 1, "nbf": bad})), Err(Refusal::InvalidClaim("nbf")));
        }
        assert_eq!(read(json!({"sub": "a", "exp": 12.9})).unwrap().exp, 12);
    }

    #[test]
    fn the_permissions_claim_can_only_narrow_permissions() {
        let permissions = |claim| read(json!({"sub": "a", "exp": 1, "permissions": claim})).map(|it| it.permissions);
        assert_eq!(read(json!({"sub": "a", "exp": 1})).unwrap().permissions, None);
        assert_eq!(permissions(json!([])), Ok(Some(Permissions::NONE)));
        assert_eq!(permissions(json!(["delete", "ADMIN"])), Ok(Some(Permissions::NONE)));
        assert_eq!(permissions(json!(["read", "x", "write"])), Ok(Some(Permissions::READ_WRITE)));
        for bad in [json!(null), json!("read"), json!(["read", 1]), json!({"read": true})] {
            assert_eq!(permissions(bad), Err(Refusal::InvalidClaim("permissions")));
        }
    }

    #[test]
    fn an_audience_is_one_or_many() {
        let aud = |claim| read(json!({"sub": "a", "exp": 1, "aud": claim})).map(|it| it.aud);
        assert_eq!(aud(json!("x")), Ok(vec!["x".to_owned()]));
        assert_eq!(aud(json!(["x", "y"])), Ok(vec!["x".to_owned(), "y".to_owned()]));
        assert_eq!(aud(json!(null)), Ok(vec![]));
        assert_eq!(aud(json!(1)), Err(Refusal::InvalidClaim("aud")));
    }
}
