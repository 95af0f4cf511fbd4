//! `cargo xtask tidy`: the project's rules that no compiler checks.
//!
//! Each rule is a function from the [`Repository`] (or the packages) to [`Finding`]s, and does not access the disk.
//! To add one, write it in the module it belongs to, or in one of its own, and add it to [`findings`].

mod circles;
mod documents;
mod finding;
mod layers;
mod layout;
mod markdown;
mod mentions;
mod modules;
mod repository;
mod size;
mod vocabulary;
mod words;

use anyhow::{Result, bail};

use self::finding::{Finding, Severity};
use self::layers::Member;
use self::repository::Repository;
use crate::workspace::Workspace;

/// Checks every rule and prints the findings. Fails if any finding does.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let repository = Repository::read(&workspace.root)?;
    let members: Vec<Member> = workspace.packages.iter().map(Member::from).collect();
    let roots = workspace.source_roots();
    let findings = findings(&repository, &members, &roots);
    for finding in &findings {
        println!("  {finding}");
    }
    println!("  {}", size::summary(&repository));
    let failures = findings.iter().filter(|finding| finding.severity == Severity::Fail).count();
    if failures > 0 {
        bail!("{failures} findings to fix");
    }
    Ok(())
}

fn findings(repository: &Repository, members: &[Member], roots: &[String]) -> Vec<Finding> {
    let mut findings = layers::check(members);
    findings.extend(circles::check(repository, roots));
    findings.extend(layout::root_entries(repository));
    findings.extend(layout::module_comments(repository));
    findings.extend(layout::vague_names(repository));
    findings.extend(size::check(repository));
    findings.extend(words::check(repository));
    findings.extend(documents::missing_pages(repository));
    findings.extend(documents::broken_links(repository));
    findings.extend(mentions::check(repository));
    findings
}
