//! The preconditions of a request that makes a change: `If-Match` and `If-None-Match`.

use boardwire_gate::{Admitted, Call, no_connection};
use boardwire_protocol::{Code, CommandKind, ErrorBody};
use http::{HeaderMap, HeaderName, header};
use serde_json::{Map, Value, value::RawValue};

use super::{ROUTES, Route, Verb, answer::TaggedEntity, request};
use crate::{
    caller::AuthenticatedRequest,
    entity_tags::{EntityTag, EntityTags, Malformed},
    problem::Problem,
};

/// The most versions that one request may name.
const MAX_VERSIONS: usize = 16;
/// A version that no entity reaches. It stands for tags that can't match: weak ones, and those not from this server.
const NEVER: u64 = u64::MAX;
/// The error message for such tags.
const FOREIGN: &str = "If-Match does not hold: a tag must be one that this server gave, and not a weak one";

/// The conditions under which a change may be made.
pub(super) struct Preconditions {
    /// The versions that the change may have been made against, newest first; `None` means any.
    versions: Option<Vec<u64>>,
    /// The tags that must not match.
    unwanted: Option<EntityTags>,
}

impl Preconditions {
    /// Reads the conditions from the headers of a change.
    ///
    /// # Errors
    /// A header is malformed or names too many versions, or the command does not take a version.
    pub(super) fn read(kind: CommandKind, headers: &HeaderMap) -> Result<Self, Problem> {
        let tags = |name: HeaderName, shown: &str| {
            EntityTags::read(headers, &name).map_err(|Malformed| Problem::malformed_tags(shown))
        };
        let unwanted = tags(header::IF_NONE_MATCH, "If-None-Match")?;
        // `*` only requires that the entity exists, which the command checks anyway.
        let Some(EntityTags::These(wanted)) = tags(header::IF_MATCH, "If-Match")? else {
            return Ok(Self { versions: None, unwanted });
        };
        let mut versions: Vec<_> = wanted.iter().filter_map(version).collect();
        if !request::expects_version(kind) {
            return Err(match versions.is_empty() {
                true => Problem::from(ErrorBody::new(Code::Conflict, FOREIGN)).with_precondition(),
                false => Problem::invalid("If-Match", "this change is not made against a version"),
            });
        }
        versions.sort_unstable_by(|one, other| other.cmp(one));
        versions.dedup();
        if versions.len() > MAX_VERSIONS {
            return Err(Problem::invalid("If-Match", format!("at most {MAX_VERSIONS} versions")));
        }
        if versions.is_empty() {
            versions.push(NEVER);
        }
        Ok(Self { versions: Some(versions), unwanted })
    }
}

/// Returns the version in one of this server's tags: the number alone, or before a dot and a fingerprint. A weak tag
/// has none, because it does not promise identity.
fn version(tag: &EntityTag) -> Option<u64> {
    let text = std::str::from_utf8(&tag.opaque).ok().filter(|_| !tag.weak)?;
    let (digits, fingerprint) = text.split_once('.').map_or((text, None), |(digits, rest)| (digits, Some(rest)));
    let is_hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_ours = fingerprint.is_none_or(|rest| rest.len() == 16 && rest.bytes().all(is_hexadecimal));
    let version: u64 = digits.parse().ok().filter(|_| is_ours)?;
    (version.to_string() == digits).then_some(version)
}

/// Executes a command under its preconditions.
///
/// # Errors
/// The preconditions do not hold, or the gate refuses the command.
pub(super) async fn execute(
    route: &Route,
    authenticated: AuthenticatedRequest,
    mut payload: Map<String, Value>,
    preconditions: Preconditions,
) -> Result<Box<RawValue>, Problem> {
    let AuthenticatedRequest { admitted, request_id } = &authenticated;
    let run = |payload| admitted.run(Call::new(Value::Object(payload), request_id.clone()), no_connection);
    if let Some(unwanted) = preconditions.unwanted
        && let Some(current) = current_entity(route, admitted, &payload).await
        && unwanted.match_weakly(current.tag.as_deref())
    {
        return Err(Problem::failed_precondition("If-None-Match"));
    }
    let Some(versions) = preconditions.versions else { return Ok(run(payload).await?) };
    if payload.contains_key(request::EXPECTED_VERSION) {
        return Err(Problem::invalid(request::EXPECTED_VERSION, "is given twice, also as If-Match"));
    }
    let mut refused = None;
    for version in versions {
        payload.insert(request::EXPECTED_VERSION.to_owned(), version.into());
        match run(payload.clone()).await {
            Ok(reply) => return Ok(reply),
            Err(mut error) => {
                if version == NEVER && error.code == Code::Conflict {
                    FOREIGN.clone_into(&mut error.message);
                }
                let try_next = older_version_may_succeed(&error, version);
                refused = Some(error);
                if !try_next {
                    break;
                }
            }
        }
    }
    let refused = refused.unwrap_or_else(|| ErrorBody::new(Code::Conflict, "no version is named"));
    Err(Problem::from(refused).with_precondition())
}

/// Returns whether nothing was changed and an older version may still succeed: the entity has not reached this one yet,
/// or the request id was used with another version.
fn older_version_may_succeed(error: &ErrorBody, version: u64) -> bool {
    let current = error.details.as_ref().and_then(|details| details["current"]["version"].as_u64());
    match error.code {
        Code::Conflict => current.is_some_and(|current| current < version),
        Code::IdempotencyMismatch => true,
        _ => false,
    }
}

/// Returns the entity that can be read at the path of a change, if there is one.
async fn current_entity(route: &Route, admitted: &Admitted, payload: &Map<String, Value>) -> Option<TaggedEntity> {
    let read_route = ROUTES.iter().find(|other| other.path == route.path && other.verb == Verb::Get)?;
    let path_fields =
        read_route.path_parameters().filter_map(|name| Some((name.to_owned(), payload.get(name)?.clone())));
    let payload = Value::Object(path_fields.collect());
    match admitted.query(read_route.kind, payload).await {
        Ok(reply) => Some(TaggedEntity::of(read_route, &reply)),
        // It exists but is too large to be sent whole, so clients have no tag of it.
        Err(error) if error.code == Code::PayloadTooLarge => Some(TaggedEntity::default()),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_only_from_tags_of_this_server() {
        let versions = |text: &str| {
            let headers = [(header::IF_MATCH, text.parse().expect("a header"))].into_iter().collect();
            let preconditions = Preconditions::read(CommandKind::TaskUpdate, &headers);
            preconditions.map(|preconditions| preconditions.versions).ok()
        };
        let cases: [(&str, Option<&[u64]>); 12] = [
            ("*", None),
            ("\"7\"", Some(&[7])),
            ("\"7.0123456789abcdef\"", Some(&[7])),
            ("\"7\", \"9\",\"8\", \"9\"", Some(&[9, 8, 7])),
            ("W/\"9\", \"7\"", Some(&[7])),
            ("\"foreign\", \"7\"", Some(&[7])),
            ("W/\"7\"", Some(&[NEVER])),
            ("\"foreign\"", Some(&[NEVER])),
            ("\"\"", Some(&[NEVER])),
            ("\"07\"", Some(&[NEVER])),
            ("\"7.abc\"", Some(&[NEVER])),
            ("\"7.0123456789ABCDEF\"", Some(&[NEVER])),
        ];
        for (text, expected) in cases {
            assert_eq!(versions(text), Some(expected.map(<[u64]>::to_vec)), "{text}");
        }
        let many: Vec<_> = (0..=MAX_VERSIONS).map(|version| format!("\"{version}\"")).collect();
        for wrong in ["7", "\"7\" \"8\"", "\"7\", *", &many.join(",")] {
            assert_eq!(versions(wrong), None, "{wrong}");
        }
    }
}
