//! Whom owners may add to their boards.

/// The users whom the owners of a board may make members of it. Admins may add any user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Addable {
    /// Every user.
    #[default]
    Anybody,
    /// Users with whom they share a team or another board. All others are treated as if they did not exist, so that
    /// nobody is put on a stranger's board, and nobody can find out who has an account.
    Acquaintances,
}
