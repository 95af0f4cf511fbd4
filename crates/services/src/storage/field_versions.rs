//! When each field of an entity last changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// For each field, the version of the entity at which the field last changed. A field that is absent has never changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldVersions(pub BTreeMap<String, u64>);
