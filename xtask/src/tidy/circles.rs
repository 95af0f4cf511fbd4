//! Circular dependencies between the files of a crate. Only a module and the modules inside it may depend on each
//! other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::finding::Finding;
use super::modules::{self, Dependencies, Tree};
use super::repository::Repository;

/// Returns a finding for each circle in the targets with these root files.
pub(super) fn check(repository: &Repository, roots: &[String]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = roots.iter().flat_map(|root| check_target(repository, root)).collect();
    // Targets share files: some tests include a module of other tests.
    findings.dedup();
    findings
}

fn check_target(repository: &Repository, root: &str) -> Vec<Finding> {
    let tree = match Tree::read(repository, root) {
        Ok(tree) => tree,
        Err(error) => return vec![Finding::fail(root, format!("can't be read: {error}"), "fix its syntax")],
    };
    let mut graph = modules::dependencies(&tree);
    let mut findings = Vec::new();
    while let Some(circle) = find_circle(&graph, root) {
        findings.push(describe(&graph, &circle));
        cut(&mut graph, &circle);
    }
    findings
}

/// Returns the shortest circle that is not allowed, as its files in order.
fn find_circle(graph: &Dependencies, root: &str) -> Option<Vec<String>> {
    let files: BTreeSet<&str> = graph.keys().map(String::as_str).collect();
    find_circle_among(graph, root, &files)
}

fn find_circle_among(graph: &Dependencies, root: &str, files: &BTreeSet<&str>) -> Option<Vec<String>> {
    let mut groups: Vec<BTreeSet<&str>> = Vec::new();
    for file in files {
        if groups.iter().any(|group| group.contains(file)) {
            continue;
        }
        let reached = reachable(graph, file, files);
        let group: BTreeSet<&str> =
            reached.iter().copied().filter(|other| reachable(graph, other, files).contains(file)).collect();
        if group.len() > 1 {
            groups.push(group);
        }
    }
    groups.iter().find_map(|group| match outer_module(group, root) {
        Some(outer) => {
            let parts = group.iter().copied().filter(|file| *file != outer).collect();
            find_circle_among(graph, root, &parts)
        }
        None => shortest_circle(graph, group),
    })
}

/// Returns the module that contains all others of a group. A crate's root does not count: it only puts modules
/// together.
fn outer_module<'f>(group: &BTreeSet<&'f str>, root: &str) -> Option<&'f str> {
    group.iter().copied().find(|outer| {
        let inside =
            format!("{}/", outer.strip_suffix("/mod.rs").or_else(|| outer.strip_suffix(".rs")).unwrap_or(outer));
        *outer != root && group.iter().all(|file| file == outer || file.starts_with(&inside))
    })
}

/// Returns the files that a file depends on, directly or through others, among those in `within`.
fn reachable<'f>(graph: &'f Dependencies, from: &str, within: &BTreeSet<&'f str>) -> BTreeSet<&'f str> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(file) = waiting.pop() {
        for next in graph.get(file).into_iter().flat_map(BTreeMap::keys) {
            if let Some(next) = within.get(next.as_str()).filter(|next| found.insert(**next)) {
                waiting.push(next);
            }
        }
    }
    found
}

/// Returns the shortest path from a file of the group back to itself.
fn shortest_circle(graph: &Dependencies, group: &BTreeSet<&str>) -> Option<Vec<String>> {
    let circles = group.iter().filter_map(|start| {
        let mut predecessors: BTreeMap<&str, &str> = BTreeMap::new();
        let mut waiting = VecDeque::from([*start]);
        while let Some(file) = waiting.pop_front() {
            for next in graph.get(file)?.keys().filter_map(|next| group.get(next.as_str())) {
                if next == start {
                    let mut path = vec![file];
                    while let Some(earlier) = predecessors.get(path.last()?) {
                        path.push(earlier);
                    }
                    return Some(path.into_iter().rev().map(str::to_owned).collect());
                }
                if !predecessors.contains_key(next) {
                    predecessors.insert(next, file);
                    waiting.push_back(next);
                }
            }
        }
        None
    });
    circles.min_by_key(Vec::len)
}

/// Returns each file of a circle with the next one.
fn steps(circle: &[String]) -> impl Iterator<Item = (&String, &String)> {
    circle.iter().zip(circle.iter().cycle().skip(1))
}

fn describe(graph: &Dependencies, circle: &[String]) -> Finding {
    let step = |(from, to): (&String, &String)| {
        let names = graph.get(from).and_then(|names| names.get(to)).map(|names| names.join(", "));
        format!("takes {} from {to}", names.unwrap_or_default())
    };
    let rule = format!("a circle: {}", steps(circle).map(step).collect::<Vec<_>>().join(", which "));
    let advice = "move what both need into a file of its own, or pass it in";
    Finding::fail(&circle[0], rule, advice)
}

/// Removes a circle's edges, so that the next circle can be found.
fn cut(graph: &mut Dependencies, circle: &[String]) {
    for (from, to) in steps(circle) {
        if let Some(names) = graph.get_mut(from) {
            names.remove(to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let root = files[0].0.to_owned();
        check(&Repository::of(files), &[root]).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_circle_is_found() {
        let found = circles(&[
            ("src/lib.rs", "mod a;\nmod b;\nmod c;\n"),
            ("src/a.rs", "use crate::b::B;\npub struct A(B);\n"),
            ("src/b.rs", "pub struct B;\nfn f() -> super::c::C { g!(super::c::h) }\n"),
            ("src/c.rs", "pub struct C;\nmod inner {\n use crate::a::{self, A};\n}\n"),
        ]);
        let expected = "a circle: takes B from src/b.rs, which takes C, h from src/c.rs, which takes A from src/a.rs";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_module_and_the_modules_inside_it_may_depend_on_each_other() {
        let files = |part: &'static str| {
            [
                ("src/lib.rs", "mod a;\n"),
                ("src/a.rs", "mod b;\nmod c;\npub struct A;\nfn f() { b::f(); c::g(); }\n"),
                ("src/a/b.rs", "use super::A;\npub fn f() { super::c::g(); }\n"),
                ("src/a/c.rs", part),
            ]
        };
        assert_eq!(circles(&files("pub fn g(_: super::A) {}\n")), [""; 0]);
        let among_parts = "a circle: takes g from src/a/c.rs, which takes f from src/a/b.rs";
        assert_eq!(circles(&files("pub fn g(_: super::A) { super::b::f() }\n")), [among_parts]);
    }

    #[test]
    fn a_circle_that_leaves_a_module_is_found() {
        let found = circles(&[
            ("src/lib.rs", "mod a;\nmod b;\n"),
            ("src/a/mod.rs", "mod c;\npub struct A(crate::b::B);\n"),
            ("src/a/c.rs", "use super::A;\n"),
            ("src/b.rs", "pub struct B(crate::a::A);\n"),
        ]);
        assert_eq!(found, ["a circle: takes B from src/b.rs, which takes A from src/a/mod.rs"]);
    }

    #[test]
    fn reexports_are_followed() {
        let found = circles(&[
            ("src/lib.rs", "mod a;\nmod b;\npub use b::B;\npub use a::*;\n"),
            ("src/a.rs", "use crate::B;\npub struct A(B);\n"),
            ("src/b.rs", "pub struct B(crate::A);\n"),
        ]);
        assert_eq!(found, ["a circle: takes B from src/b.rs, which takes A from src/a.rs"]);
    }

    #[test]
    fn glob_imports_and_names_made_by_macros_count() {
        let found = circles(&[
            ("src/lib.rs", "mod a;\nmod b;\n"),
            ("src/a.rs", "use crate::b::*;\nids! { A, Other }\nfn f(_: B) {}\n"),
            ("src/b.rs", "pub struct B(crate::a::A);\n"),
        ]);
        assert_eq!(found, ["a circle: takes B from src/b.rs, which takes A from src/a.rs"]);
    }

    #[test]
    fn a_circle_through_the_root_of_a_crate_is_found() {
        let found =
            circles(&[("src/lib.rs", "mod a;\npub struct L(a::A);\n"), ("src/a.rs", "pub struct A(crate::L);\n")]);
        assert_eq!(found, ["a circle: takes L from src/lib.rs, which takes A from src/a.rs"]);
    }

    #[test]
    fn test_modules_are_exempt() {
        let found = circles(&[
            ("src/lib.rs", "mod a;\nmod b;\n"),
            ("src/a.rs", "pub struct A(crate::b::B);\n"),
            ("src/b.rs", "pub struct B;\n#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n"),
        ]);
        assert_eq!(found, [""; 0]);
    }
}
