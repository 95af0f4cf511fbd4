//! The three permissions of a credential, and sets of them. Roles on a board are another concept, unknown here.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One permission of a credential; `"read"`, `"write"`, `"admin"` in text and JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// Allows reading.
    Read,
    /// Allows changes.
    Write,
    /// Allows everything: see [`Permissions::allows`].
    Admin,
}

impl Permission {
    const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// Returns the name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Write => 2,
            Self::Admin => 4,
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text is not the name of a permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown permission {0:?}: expected read, write or admin")]
pub struct UnknownPermission(pub String);

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|permission| permission.as_str() == text);
        found.ok_or_else(|| UnknownPermission(text.to_owned()))
    }
}

/// A set of permissions: an array of names in JSON, and names joined by commas in text (`read,write`).
///
/// The set contains exactly the permissions that were granted: `admin` does not add `read` and `write`. Ask
/// [`allows`](Self::allows) whether a set allows something.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Permissions(u8);

impl Permissions {
    /// The empty set, which allows nothing.
    pub const NONE: Self = Self(0);
    /// `read` and `write`.
    pub const READ_WRITE: Self = Self(Permission::Read.bit() | Permission::Write.bit());
    /// All three.
    pub const ALL: Self = Self(Self::READ_WRITE.0 | Permission::Admin.bit());

    /// Returns whether this permission itself is in the set.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Returns whether the set allows what this permission is for: this permission or `admin` is in the set.
    pub const fn allows(self, permission: Permission) -> bool {
        self.contains(permission) || self.contains(Permission::Admin)
    }

    /// Returns the permissions that are in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the permissions of `wanted` that `self` [allows](Self::allows). They never allow more than `self` does.
    ///
    /// This is the intersection, except that `admin` in `self` counts as all permissions: `admin` narrowed to `read` is
    /// `read`.
    #[must_use]
    pub fn narrowed_to(self, wanted: Self) -> Self {
        wanted.iter().filter(|permission| self.allows(*permission)).collect()
    }

    /// Returns the permissions in the set, in the order read, write, admin.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.contains(*permission))
    }

    /// Returns whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | permission.bit()))
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Permission::as_str).collect();
        f.pad(&names.join(","))
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Reads names joined by commas, with optional white space around each. The empty text is the empty set; an unknown
/// name is an error.
impl FromStr for Permissions {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            return Ok(Self::NONE);
        }
        text.split(',').map(|name| name.trim().parse::<Permission>()).collect()
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Reads an array of names. An unknown name is an error, unlike in the claim of a token.
impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        names.iter().map(|name| name.parse::<Permission>()).collect::<Result<_, _>>().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> Permissions {
        text.parse().unwrap()
    }

    #[test]
    fn text_and_json_round_trip() {
        for text in ["", "read", "read,write", "read,write,admin", "admin"] {
            assert_eq!(set(text).to_string(), text);
            let json = serde_json::to_string(&set(text)).unwrap();
            assert_eq!(serde_json::from_str::<Permissions>(&json).unwrap(), set(text));
        }
        assert_eq!(serde_json::to_string(&Permissions::READ_WRITE).unwrap(), r#"["read","write"]"#);
        assert_eq!(set(" write , read,read"), Permissions::READ_WRITE);
        assert_eq!(serde_json::to_string(&Permission::Admin).unwrap(), r#""admin""#);
    }

    #[test]
    fn unknown_names_are_errors() {
        assert!("read,delete".parse::<Permissions>().is_err());
        assert!("read,,write".parse::<Permissions>().is_err());
        assert!("Read".parse::<Permission>().is_err());
        assert!(serde_json::from_str::<Permissions>(r#"["root"]"#).is_err());
    }

    #[test]
    fn admin_allows_everything_without_containing_it() {
        let admin = set("admin");
        assert!(!admin.contains(Permission::Read) && admin.allows(Permission::Read) && admin.allows(Permission::Write));
        assert!(!Permissions::READ_WRITE.allows(Permission::Admin));
        assert!(!Permissions::NONE.allows(Permission::Read) && Permissions::NONE.is_empty());
    }

    #[test]
    fn narrowing_never_widens() {
        let every: Vec<_> = (0..8).map(Permissions).collect();
        for held in &every {
            for wanted in &every {
                let narrowed = held.narrowed_to(*wanted);
                assert_eq!(narrowed.intersection(*wanted), narrowed);
                assert!(Permission::ALL.into_iter().all(|one| held.allows(one) || !narrowed.allows(one)));
                assert_eq!(narrowed.intersection(*held), held.intersection(*wanted));
            }
        }
        assert_eq!(set("admin").narrowed_to(set("read")), set("read"));
        assert_eq!(set("read").narrowed_to(set("admin")), Permissions::NONE);
    }
}
