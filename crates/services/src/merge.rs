//! Conflicts between fields: a change made against an older version succeeds if none of its fields has changed since.

use boardwire_protocol::data::Changes;
use serde::Serialize;
use serde_json::{Value, to_value};

use crate::{ServiceError, storage::FieldVersions};

/// A change of an entity's fields.
pub(crate) struct Merge<'a> {
    changed: &'a mut FieldVersions,
    version: u64,
    expected: Option<u64>,
    changes: Changes,
    clashes: Vec<&'static str>,
}

impl<'a> Merge<'a> {
    /// Begins a change that was made against the version `expected`; the entity is at `version` now.
    pub(crate) fn new(changed: &'a mut FieldVersions, version: u64, expected: Option<u64>) -> Self {
        Self { changed, version, expected, changes: Changes::new(), clashes: Vec::new() }
    }

    /// Returns whether the change was made against a version that does not exist yet, so that its author can't have
    /// seen it.
    fn is_ahead(&self) -> bool {
        self.expected.is_some_and(|expected| expected > self.version)
    }

    /// Sets a field if a new value is given and differs from the current one.
    pub(crate) fn set<T: PartialEq + Serialize>(&mut self, name: &'static str, field: &mut T, new_value: Option<T>) {
        let Some(value) = new_value.filter(|value| value != field) else { return };
        let last = self.changed.0.get(name).copied().unwrap_or(0);
        if self.is_ahead() || self.expected.is_some_and(|expected| last > expected) {
            self.clashes.push(name);
            return;
        }
        self.changes.insert(name, to_value(&value).unwrap_or_default());
        *field = value;
    }

    /// Ends the change. Returns the fields that have changed, recorded under the next version; empty if none has.
    ///
    /// # Errors
    /// Returns [`ServiceError::Conflict`] with the fields that changed in the meantime and the current entity.
    pub(crate) fn finish(
        self,
        current: impl FnOnce() -> Result<Value, serde_json::Error>,
    ) -> Result<Changes, ServiceError> {
        if self.is_ahead() || !self.clashes.is_empty() {
            let message = match self.is_ahead() {
                true => format!("there has been no such version yet: it is at version {}", self.version),
                false => format!("changed by somebody else since: {}", self.clashes.join(", ")),
            };
            return Err(ServiceError::Conflict { message, current: Some(current()?), fields: self.clashes });
        }
        for name in self.changes.keys() {
            self.changed.0.insert((*name).to_owned(), self.version + 1);
        }
        Ok(self.changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sets the field `title`, which is `old` and last changed in the version `last`, of an entity at version 5.
    fn merge(last: u64, expected: Option<u64>, new_title: &str) -> Result<(Changes, String), ServiceError> {
        let mut changed = FieldVersions::default();
        changed.0.insert("title".into(), last);
        let mut title = "old".to_owned();
        let mut merge = Merge::new(&mut changed, 5, expected);
        merge.set("title", &mut title, Some(new_title.to_owned()));
        let changes = merge.finish(|| Ok(Value::Null))?;
        Ok((changes, title))
    }

    #[test]
    fn an_untouched_field_may_be_changed_against_an_old_version() {
        assert_eq!(merge(2, Some(2), "new").unwrap().1, "new");
        assert_eq!(merge(3, None, "new").unwrap().1, "new");
    }

    #[test]
    fn a_field_changed_since_is_a_conflict() {
        let error = merge(3, Some(2), "new").unwrap_err();
        assert!(matches!(error, ServiceError::Conflict { fields, .. } if fields == ["title"]));
    }

    #[test]
    fn the_same_value_is_no_change_and_no_conflict() {
        assert!(merge(3, Some(2), "old").unwrap().0.is_empty());
    }

    #[test]
    fn a_version_from_the_future_is_a_conflict() {
        let error = merge(3, Some(6), "new").unwrap_err();
        assert!(matches!(error, ServiceError::Conflict { current: Some(_), fields, .. } if fields == ["title"]));
        let error = merge(3, Some(6), "old").unwrap_err();
        assert!(matches!(error, ServiceError::Conflict { current: Some(_), fields, .. } if fields.is_empty()));
    }
}
