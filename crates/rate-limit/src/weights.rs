//! How much each class of calls weighs. A class may be a route, the name of an event, or a kind of command: the caller
//! decides.

use std::collections::HashMap;

/// A table from the name of a class to the weight of its calls. A class that is not in it weighs 1.
///
/// ```
/// use boardwire_rate_limit::Weights;
///
/// let weights = Weights::from([("search", 5), ("ping", 0)]);
/// assert_eq!((weights.of("search"), weights.of("ping"), weights.of("task:create")), (5, 0, 1));
/// ```
///
/// A weight of 0 is never counted, and one above [`Quota::capacity`](crate::Quota::capacity) is never accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weights(HashMap<String, u32>);

impl Weights {
    /// Returns the weight of a call of this class.
    pub fn of(&self, class: &str) -> u32 {
        self.0.get(class).copied().unwrap_or(1)
    }
}

impl<C: Into<String>, const N: usize> From<[(C, u32); N]> for Weights {
    fn from(classes: [(C, u32); N]) -> Self {
        classes.into_iter().collect()
    }
}

impl<C: Into<String>> FromIterator<(C, u32)> for Weights {
    /// Creates a table. The last weight of a class that occurs twice counts.
    fn from_iter<I: IntoIterator<Item = (C, u32)>>(classes: I) -> Self {
        Self(classes.into_iter().map(|(class, weight)| (class.into(), weight)).collect())
    }
}
