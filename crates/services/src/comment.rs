//! Changes of comments. Whoever may change the board's tasks may also change other people's comments; the log says who
//! did.

use boardwire_protocol::{Comment, CommentId, Event, comment, data};

use crate::{
    ChangeOutcome, ServiceError,
    edit::BoardEdit,
    unit::{Execute, Unit},
};

/// The most comments that a task may have, because `task:get` returns all of them.
const MAX_COMMENTS: u64 = 1_000;

impl Execute for comment::Add {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board_of(&self.task_id).await?;
        let task = edit.task(&self.task_id).await?.task;
        if edit.tx().count_comments(&task.id).await? >= MAX_COMMENTS {
            return Err(ServiceError::conflict(format!(
                "a task has at most {MAX_COMMENTS} comments; delete some first"
            )));
        }
        let body = self.body.into_string();
        let mentioned = edit.notify_mentioned(&task, &body, "", "mentioned you on").await?;
        let id = self.id.unwrap_or_else(|| edit.new_id());
        let comment = Comment {
            id,
            task_id: task.id.clone(),
            board_id: edit.id().clone(),
            author: edit.actor(),
            body,
            mentions: mentioned.all,
            created_at: edit.now(),
            updated_at: edit.now(),
        };
        if !edit.tx().insert_comment(&comment).await? {
            return Err(ServiceError::conflict("this comment id is taken"));
        }
        edit.notify_assignee(&task, "commented on", &mentioned.notified).await?;
        edit.record(Event::TaskCommentAdded(data::TaskCommentAdded {
            comment: comment.clone(),
            task_id: task.id,
            board_id: edit.id().clone(),
        }))
        .await?;
        edit.finish(&comment::CommentResult { comment }).await
    }
}

impl Execute for comment::Update {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let (mut edit, mut comment) = open(unit, &self.comment_id).await?;
        let body = self.body.into_string();
        if comment.body != body {
            let task = edit.task(&comment.task_id).await?.task;
            comment.mentions = edit.notify_mentioned(&task, &body, &comment.body, "mentioned you on").await?.all;
            comment.body = body;
            comment.updated_at = edit.now();
            edit.tx().save_comment(&comment).await?;
            edit.record(Event::TaskCommentUpdated(data::TaskCommentUpdated {
                comment: comment.clone(),
                task_id: comment.task_id.clone(),
                board_id: edit.id().clone(),
            }))
            .await?;
        }
        edit.finish(&comment::CommentResult { comment }).await
    }
}

impl Execute for comment::Delete {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let (mut edit, comment) = open(unit, &self.comment_id).await?;
        edit.tx().delete_comment(&comment.id).await?;
        edit.record(Event::TaskCommentDeleted(data::TaskCommentDeleted {
            comment_id: comment.id.clone(),
            task_id: comment.task_id,
            board_id: edit.id().clone(),
        }))
        .await?;
        edit.finish(&comment::Deleted { comment_id: comment.id }).await
    }
}

/// Locks the board of a comment and reads the comment again, now that nobody else can change it.
async fn open<'u, 't>(unit: &'u mut Unit<'t>, id: &CommentId) -> Result<(BoardEdit<'u, 't>, Comment), ServiceError> {
    let board = unit.tx.comment(id).await?.ok_or(ServiceError::NotFound("comment"))?.board_id;
    let mut edit = unit.board_with("comment", &board).await?;
    let comment = edit.tx().comment(id).await?.ok_or(ServiceError::NotFound("comment"))?;
    Ok((edit, comment))
}
