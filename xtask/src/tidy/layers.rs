//! The architecture's layers: the allowed dependencies between crates, and the foreign crates that only some may use.

use cargo_metadata::{DependencyKind, Package};

use super::finding::Finding;

/// The workspace crates that a crate may depend on.
enum Allowed {
    /// These, by folder name.
    Only(&'static [&'static str]),
    /// Any except `test-support`, which has a rule of its own.
    Any,
}

/// Allowed edges between our crates, by folder name, as in docs/ARCHITECTURE.md.
const EDGES: &[(&str, Allowed)] = &[
    ("protocol", Allowed::Only(&[])),
    ("auth", Allowed::Only(&[])),
    ("rate-limit", Allowed::Only(&[])),
    ("web", Allowed::Only(&[])),
    ("services", Allowed::Only(&["auth", "protocol"])),
    ("store", Allowed::Only(&["services", "protocol"])),
    ("subscriptions", Allowed::Only(&["services", "protocol"])),
    ("metrics", Allowed::Only(&["subscriptions", "services", "protocol"])),
    ("gate", Allowed::Only(&["metrics", "subscriptions", "services", "rate-limit", "auth", "protocol"])),
    ("browser", Allowed::Only(&["gate", "auth"])),
    ("handlers", Allowed::Only(DOOR)),
    ("http", Allowed::Only(DOOR)),
    ("mcp", Allowed::Only(DOOR)),
    ("server", Allowed::Any),
    ("test-support", Allowed::Any),
    ("tests", Allowed::Any),
    ("xtask", Allowed::Any),
];

/// The crates that a door may depend on.
const DOOR: &[&str] = &["browser", "gate", "metrics", "subscriptions", "services", "rate-limit", "auth", "protocol"];

/// Foreign crates that only some workspace crates may depend on. Dev-dependencies are not restricted. Checking
/// dependencies is enough: code cannot use a crate that is not one.
const CONFINED: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("rusqlite", &["store"]),
    ("libsqlite3-sys", &["store"]),
    ("jsonwebtoken", &["auth", "test-support"]),
    ("rmcp", &["mcp"]),
    ("socketioxide", &["handlers", "rate-limit"]),
    ("axum", &["browser", "handlers", "http", "mcp", "web", "server"]),
    ("anyhow", &["server", "test-support", "tests", "xtask"]),
];

/// The crates that may have `test-support` as a normal dependency. Any may have it as a dev-dependency.
const TESTING: &[&str] = &["tests", "xtask"];

/// A package of the workspace and its dependencies, without dev-dependencies.
pub(super) struct Member {
    name: String,
    dependencies: Vec<String>,
}

impl From<&Package> for Member {
    fn from(package: &Package) -> Self {
        let normal = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
        let dependencies = normal.map(|dependency| dependency.name.clone()).collect();
        Self { name: package.name.to_string(), dependencies }
    }
}

/// Returns a finding for each edge that is not in the tables, and each crate without a row.
pub(super) fn check(members: &[Member]) -> Vec<Finding> {
    members.iter().flat_map(check_member).collect()
}

fn check_member(member: &Member) -> Vec<Finding> {
    let name = folder(&member.name);
    let Some((_, allowed)) = EDGES.iter().find(|(row, _)| *row == name) else {
        let advice = "decide what it may use, and give it a row in xtask/src/tidy/layers.rs and docs/ARCHITECTURE.md";
        return vec![Finding::fail(&member.name, "a crate without a layer", advice)];
    };
    member.dependencies.iter().filter_map(|dependency| check_edge(name, allowed, dependency)).collect()
}

fn check_edge(name: &str, allowed: &Allowed, dependency: &str) -> Option<Finding> {
    let edge = format!("{name} → {}", folder(dependency));
    if dependency == "boardwire-test-support" {
        let advice = "test-support is for tests: make it a dev-dependency";
        return (!TESTING.contains(&name)).then(|| Finding::fail(edge, "a new edge between layers", advice));
    }
    if dependency.starts_with("boardwire-") {
        let is_allowed = match allowed {
            Allowed::Any => true,
            Allowed::Only(list) => list.contains(&folder(dependency)),
        };
        let advice =
            "see \"Who may know whom\" in docs/ARCHITECTURE.md; invert the dependency with a trait, or move the code";
        return (!is_allowed).then(|| Finding::fail(edge, "a new edge between layers", advice));
    }
    let (_, users) = CONFINED.iter().find(|(confined, _)| *confined == dependency)?;
    let advice = format!("only {} may use it: move the code there, or use what it offers", users.join(", "));
    (!users.contains(&name)).then(|| Finding::fail(edge, "a confined crate", advice))
}

/// Returns the folder name of a package: `store` for `boardwire-store`.
fn folder(package: &str) -> &str {
    package.strip_prefix("boardwire-").unwrap_or(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_one(name: &str, dependencies: &[&str]) -> Vec<String> {
        let dependencies = dependencies.iter().map(|dependency| (*dependency).to_owned()).collect();
        check(&[Member { name: name.to_owned(), dependencies }]).into_iter().map(|finding| finding.location).collect()
    }

    #[test]
    fn edges_of_the_architecture_pass() {
        assert!(
            check_one("boardwire-store", &["boardwire-services", "boardwire-protocol", "sqlx", "tokio"]).is_empty()
        );
        assert!(check_one("boardwire-server", &["boardwire-store", "boardwire-handlers", "anyhow", "axum"]).is_empty());
        assert!(check_one("xtask", &["boardwire-protocol", "boardwire-test-support"]).is_empty());
    }

    #[test]
    fn new_edges_fail() {
        assert_eq!(check_one("boardwire-services", &["boardwire-store"]), ["services → store"]);
        assert_eq!(check_one("boardwire-protocol", &["boardwire-auth"]), ["protocol → auth"]);
        assert_eq!(check_one("boardwire-handlers", &["boardwire-store"]), ["handlers → store"]);
    }

    #[test]
    fn test_support_stays_out_of_the_product() {
        assert_eq!(check_one("boardwire-server", &["boardwire-test-support"]), ["server → test-support"]);
        assert_eq!(check_one("boardwire-test-support", &["boardwire-server"]), [""; 0]);
    }

    #[test]
    fn confined_crates_stay_confined() {
        assert_eq!(check_one("boardwire-services", &["sqlx"]), ["services → sqlx"]);
        assert_eq!(check_one("boardwire-subscriptions", &["socketioxide", "axum"]).len(), 2);
        assert_eq!(check_one("boardwire-store", &["anyhow"]), ["store → anyhow"]);
        assert_eq!(check_one("boardwire-services", &["rusqlite"]), ["services → rusqlite"]);
        assert_eq!(check_one("boardwire-gate", &["jsonwebtoken"]), ["gate → jsonwebtoken"]);
        assert_eq!(check_one("boardwire-server", &["rmcp"]), ["server → rmcp"]);
        assert_eq!(check_one("boardwire-test-support", &["jsonwebtoken"]), [""; 0]);
    }

    #[test]
    fn a_crate_without_a_row_fails() {
        assert_eq!(check_one("boardwire-search", &[]), ["boardwire-search"]);
    }
}
