//! Changes to boards and their members.

use boardwire_protocol::{Board, Column, Event, Member, Role, Seq, Status, board, data};
use serde_json::to_value;

use crate::{
    ChangeOutcome, ServiceError,
    edit::{Archived, BoardEdit},
    merge::Merge,
    position,
    storage::{BoardState, ColumnState, FieldVersions, Membership},
    team,
    unit::{Execute, Unit},
};

/// The columns of a board that is created without any.
const DEFAULT_COLUMNS: [(&str, Status); 3] =
    [("To Do", Status::Todo), ("In Progress", Status::InProgress), ("Done", Status::Done)];

impl Execute for board::Create {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let creator = unit.caller.user().clone();
        if let Some(team) = &self.team_id {
            team::require_may_give_to(unit.caller, team)?;
        }
        let id = self.id.unwrap_or_else(|| unit.clock.new_id());
        let board = Board {
            id: id.clone(),
            name: self.name.into_string(),
            description: self.description.map(|text| text.into_string()).unwrap_or_default(),
            color: self.color.map(|color| color.into_string()),
            team_id: self.team_id,
            archived: false,
            version: 1,
            created_by: creator.clone(),
            created_at: unit.now,
            updated_at: unit.now,
        };
        let (changed, changed_at) = (FieldVersions::default(), unit.now);
        let state = BoardState { board, changed, seq: Seq(0), changed_at, epoch: unit.clock.new_id() };
        if !unit.tx.insert_board(&state).await? {
            return Err(ServiceError::conflict("this board id is taken"));
        }
        unit.tx.set_member(&id, &creator, &direct(Role::Owner)).await?;
        let mut edit = unit.board(&id, Role::Owner, Archived::Refused).await?;

        let new_columns = match self.columns {
            Some(columns) => {
                columns.0.into_iter().map(|new| (new.name.into_string(), new.status, new.wip_limit)).collect()
            }
            None => DEFAULT_COLUMNS.map(|(name, status)| (name.to_owned(), Some(status), None)).to_vec(),
        };
        let mut columns = Vec::with_capacity(new_columns.len());
        let keys = position::spread(None, None, new_columns.len());
        for ((name, status, wip_limit), position) in new_columns.into_iter().zip(keys) {
            let column = Column {
                id: edit.new_id(),
                board_id: id.clone(),
                name,
                position,
                status,
                wip_limit,
                version: 1,
                created_at: edit.now(),
                updated_at: edit.now(),
            };
            let state = ColumnState { column, changed: FieldVersions::default() };
            edit.tx().insert_column(&state).await?;
            columns.push(state.column);
        }
        let board = edit.board().clone();
        edit.record(Event::BoardCreated(data::BoardCreated {
            board: board.clone(),
            columns: columns.clone(),
            created_by: creator,
        }))
        .await?;
        edit.change_team(None, board.team_id.as_ref()).await?;
        edit.finish(&board::Created { board, columns }).await
    }
}

impl Execute for board::Update {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let updates = self.updates;
        let needed = if updates.team_id.is_keep() { Role::Member } else { Role::Owner };
        let mut edit = unit.board(&self.board_id, needed, Archived::Refused).await?;
        let before = edit.board().clone();
        let changes = {
            let BoardState { board, changed, .. } = edit.board_mut();
            let mut merge = Merge::new(changed, board.version, self.expected_version);
            merge.set("name", &mut board.name, updates.name.map(|name| name.into_string()));
            let description =
                updates.description.into_option().map(|text| text.map(|text| text.into_string()).unwrap_or_default());
            merge.set("description", &mut board.description, description);
            merge.set(
                "color",
                &mut board.color,
                updates.color.into_option().map(|color| color.map(|color| color.into_string())),
            );
            merge.set("team_id", &mut board.team_id, updates.team_id.into_option());
            merge.finish(|| to_value(&before))?
        };
        if !changes.is_empty() {
            let board = touch(&mut edit);
            if board.team_id != before.team_id {
                if let Some(team) = &board.team_id {
                    team::require_may_give_to(edit.caller(), team)?;
                }
                edit.change_team(before.team_id.as_ref(), board.team_id.as_ref()).await?;
            }
            edit.record(Event::BoardUpdated(data::BoardUpdated { board, changes, updated_by: edit.actor() })).await?;
        }
        finish(edit).await
    }
}

impl Execute for board::Archive {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board(&self.board_id, Role::Owner, Archived::Allowed).await?;
        if !edit.board().archived {
            edit.board_mut().board.archived = true;
            let board = touch(&mut edit);
            edit.record(Event::BoardArchived(data::BoardArchived { board, archived_by: edit.actor() })).await?;
        }
        finish(edit).await
    }
}

impl Execute for board::Restore {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board(&self.board_id, Role::Owner, Archived::Allowed).await?;
        if edit.board().archived {
            edit.board_mut().board.archived = false;
            let board = touch(&mut edit);
            edit.record(Event::BoardRestored(data::BoardRestored { board, restored_by: edit.actor() })).await?;
        }
        finish(edit).await
    }
}

impl Execute for board::MemberSet {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board(&self.board_id, Role::Owner, Archived::Refused).await?;
        let user = edit.tx().user(&self.user_id).await?.ok_or(ServiceError::NotFound("user"))?;
        let membership = edit.tx().membership(&self.board_id, &user.id).await?;
        if membership.is_none() && !edit.may_add(&user).await? {
            // The same error as for a user who does not exist.
            return Err(ServiceError::NotFound("user"));
        }
        let member =
            Member { board_id: self.board_id, user_id: user.id, name: user.name, agent: user.agent, role: self.role };
        let new_membership = direct(self.role);
        if membership.as_ref() != Some(&new_membership) {
            if membership.is_some_and(|membership| membership.role == Role::Owner) {
                require_another_owner(&mut edit).await?;
            }
            if self.role < Role::Member {
                edit.end_leases_of(std::slice::from_ref(&member.user_id)).await?;
            }
            edit.tx().set_member(&member.board_id, &member.user_id, &new_membership).await?;
            edit.tx().forget_departures(&member.board_id, Some(&member.user_id)).await?;
            edit.record(Event::BoardMemberSet(data::BoardMemberSet {
                member: member.clone(),
                board_id: member.board_id.clone(),
            }))
            .await?;
        }
        edit.finish(&board::MemberResult { member }).await
    }
}

impl Execute for board::MemberRemove {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let board::MemberRemove { board_id, user_id } = self;
        // Allowed on an archived board too, so that access can always be withdrawn.
        let mut edit = unit.board(&board_id, Role::Owner, Archived::Allowed).await?;
        match edit.tx().role(&board_id, &user_id).await? {
            None => return Err(ServiceError::NotFound("member")),
            Some(Role::Owner) => require_another_owner(&mut edit).await?,
            Some(_) => {}
        }
        edit.end_leases_of(std::slice::from_ref(&user_id)).await?;
        edit.tx().remove_member(&board_id, &user_id).await?;
        if edit.board().team_id.is_some() {
            edit.tx().depart(&board_id, &user_id).await?;
        }
        edit.record(Event::BoardMemberRemoved(data::BoardMemberRemoved { user_id: user_id.clone(), board_id })).await?;
        edit.finish(&board::MemberRemoved { user_id }).await
    }
}

/// Returns a membership that does not depend on a team.
fn direct(role: Role) -> Membership {
    Membership { role, team: None }
}

/// Checks that the board has more than one owner.
async fn require_another_owner(edit: &mut BoardEdit<'_, '_>) -> Result<(), ServiceError> {
    let id = edit.id().clone();
    if edit.tx().count_owners(&id).await? > 1 {
        return Ok(());
    }
    Err(ServiceError::conflict("this is the board's only owner; make somebody else an owner first"))
}

/// Raises the version of the board and sets when it changed. Returns the board as it is now.
fn touch(edit: &mut BoardEdit<'_, '_>) -> Board {
    let now = edit.now();
    let state = edit.board_mut();
    state.board.version += 1;
    state.board.updated_at = now;
    state.board.clone()
}

/// Stores the board and returns it as the result.
async fn finish(edit: BoardEdit<'_, '_>) -> Result<ChangeOutcome, ServiceError> {
    let board = edit.board().clone();
    edit.finish(&board::BoardResult { board }).await
}
