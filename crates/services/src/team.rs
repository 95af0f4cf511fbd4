//! Teams of boards. Each user of a board's team is a member of the board, so that there is one list of those who may
//! read the board, and one event that says when it changes. If an owner changes the role of such a member, the
//! membership no longer depends on the team. A user whom an owner has removed is not added through the team again.

use boardwire_protocol::{BoardId, Event, Member, Role, TeamId, UserId, data};

use crate::{Caller, ChangeOutcome, ServiceError, edit::BoardEdit, storage::Membership, unit::Unit};

/// The most members that changing a board's team adds or removes. Each of them gets an event of its own.
const MAX_USERS: usize = 5_000;

/// Checks that a change of a board's team adds or removes no more users than allowed.
fn require_at_most_max(users: usize) -> Result<(), ServiceError> {
    if users > MAX_USERS {
        return Err(ServiceError::conflict(format!(
            "the team has {users} users; a board takes at most {MAX_USERS} at once"
        )));
    }
    Ok(())
}

/// Checks that the caller may give a board to a team: to one of its own, or as an admin to any.
pub(crate) fn require_may_give_to(caller: &Caller, team: &TeamId) -> Result<(), ServiceError> {
    if caller.is_admin() || caller.teams().contains(team) {
        return Ok(());
    }
    Err(ServiceError::Forbidden("a board can be given to a team that you are in".to_owned()))
}

/// Brings a user's membership of a board in line with the user's teams.
pub(crate) async fn sync(unit: &mut Unit<'_>, board: &BoardId, user: &UserId) -> Result<ChangeOutcome, ServiceError> {
    let teams = unit.tx.user(user).await?.ok_or(ServiceError::NotFound("user"))?.teams;
    let mut edit = unit.board_unchecked(board).await?;
    let team = edit.board().team_id.clone().filter(|team| teams.contains(team));
    match (edit.tx().membership(board, user).await?, team) {
        (None, Some(team)) if !edit.tx().has_departed(board, user).await? => edit.join(user, &team).await?,
        (Some(Membership { team: Some(through), .. }), team) if team.as_ref() != Some(&through) => {
            edit.leave(user).await?;
            if let Some(team) = team {
                edit.join(user, &team).await?;
            }
        }
        _ => {}
    }
    edit.finish(&()).await
}

impl BoardEdit<'_, '_> {
    /// Removes those who are members through one team, and adds the users of another.
    pub(crate) async fn change_team(&mut self, from: Option<&TeamId>, to: Option<&TeamId>) -> Result<(), ServiceError> {
        let board = self.id().clone();
        self.tx().forget_departures(&board, None).await?;
        if let Some(team) = from {
            let users = self.tx().members_through(&board, team).await?;
            require_at_most_max(users.len())?;
            self.end_leases_of(&users).await?;
            self.tx().remove_members_through(&board, team).await?;
            let removed = |user_id| data::BoardMemberRemoved { user_id, board_id: board.clone() };
            self.record_side_effects(users.into_iter().map(|user| Event::BoardMemberRemoved(removed(user))).collect())
                .await?;
        }
        if let Some(team) = to {
            let (users, role) = (self.tx().newcomers(&board, team).await?, Role::Member);
            require_at_most_max(users.len())?;
            let ids: Vec<_> = users.iter().map(|user| user.id.clone()).collect();
            let membership = Membership { role, team: Some(team.clone()) };
            self.tx().add_members(&board, &ids, &membership).await?;
            let events = users.into_iter().map(|user| {
                let member =
                    Member { board_id: board.clone(), user_id: user.id, name: user.name, agent: user.agent, role };
                Event::BoardMemberSet(data::BoardMemberSet { member, board_id: board.clone() })
            });
            self.record_side_effects(events.collect()).await?;
        }
        Ok(())
    }

    /// Makes a user a member through a team.
    async fn join(&mut self, user: &UserId, team: &TeamId) -> Result<(), ServiceError> {
        let Some(user) = self.tx().user(user).await? else { return Ok(()) };
        let (board, role) = (self.id().clone(), Role::Member);
        self.tx().set_member(&board, &user.id, &Membership { role, team: Some(team.clone()) }).await?;
        let member = Member { board_id: board.clone(), user_id: user.id, name: user.name, agent: user.agent, role };
        self.record_side_effect(Event::BoardMemberSet(data::BoardMemberSet { member, board_id: board })).await
    }

    /// Removes a member, whose leases on the board end.
    async fn leave(&mut self, user: &UserId) -> Result<(), ServiceError> {
        let board_id = self.id().clone();
        self.end_leases_of(std::slice::from_ref(user)).await?;
        self.tx().remove_member(&board_id, user).await?;
        let data = data::BoardMemberRemoved { user_id: user.clone(), board_id };
        self.record_side_effect(Event::BoardMemberRemoved(data)).await
    }
}
