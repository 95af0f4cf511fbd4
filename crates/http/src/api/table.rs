//! The table that maps each command to a method of a path.

use boardwire_protocol::CommandKind;

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// Where the fields of a payload are, apart from those in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fields {
    /// In the query.
    Query,
    /// In the body, a JSON object.
    Body,
    /// The body is this field; the others are in the query.
    BodyIs(&'static str),
}

/// One command as a method of a path. The names in braces are fields of its payload.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) verb: Verb,
    pub(crate) path: &'static str,
    pub(crate) kind: CommandKind,
    pub(crate) fields: Fields,
    /// The field of the result that has a version, for the ETag.
    pub(crate) entity: Option<&'static str>,
    /// Set if the command creates something: the answer is 201, and the value is the collection that then contains the
    /// entity.
    pub(crate) creates: Option<&'static str>,
}

impl Route {
    const fn new(verb: Verb, path: &'static str, kind: CommandKind, fields: Fields) -> Self {
        Self { verb, path, kind, fields, entity: None, creates: None }
    }

    const fn get(path: &'static str, kind: CommandKind) -> Self {
        Self::new(Verb::Get, path, kind, Fields::Query)
    }

    const fn post(path: &'static str, kind: CommandKind) -> Self {
        Self::new(Verb::Post, path, kind, Fields::Body)
    }

    const fn put(path: &'static str, kind: CommandKind) -> Self {
        Self::new(Verb::Put, path, kind, Fields::Body)
    }

    const fn patch(path: &'static str, kind: CommandKind) -> Self {
        Self::new(Verb::Patch, path, kind, Fields::Body)
    }

    const fn delete(path: &'static str, kind: CommandKind) -> Self {
        Self::new(Verb::Delete, path, kind, Fields::Query)
    }

    const fn body_is(self, field: &'static str) -> Self {
        Self { fields: Fields::BodyIs(field), ..self }
    }

    const fn entity(self, entity: &'static str) -> Self {
        Self { entity: Some(entity), ..self }
    }

    /// Marks a command that creates something. `collection` is empty if what it creates has no path of its own.
    const fn creates(self, collection: &'static str) -> Self {
        Self { creates: Some(collection), ..self }
    }

    /// Returns the names in the path.
    pub(crate) fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// All routes. Every command has at least one, except those of connections and `board:events` (see `events.rs`).
pub(crate) const ROUTES: &[Route] = &[
    Route::get("/boards", CommandKind::BoardList),
    Route::post("/boards", CommandKind::BoardCreate).entity("board").creates("boards"),
    Route::get("/boards/{boardId}", CommandKind::BoardGet).entity("board"),
    Route::patch("/boards/{boardId}", CommandKind::BoardUpdate).body_is("updates").entity("board"),
    Route::post("/boards/{boardId}/archive", CommandKind::BoardArchive).entity("board"),
    Route::post("/boards/{boardId}/restore", CommandKind::BoardRestore).entity("board"),
    Route::put("/boards/{boardId}/members/{userId}", CommandKind::BoardMemberSet),
    Route::delete("/boards/{boardId}/members/{userId}", CommandKind::BoardMemberRemove),
    Route::post("/boards/{boardId}/columns", CommandKind::ColumnCreate).entity("column").creates(""),
    Route::put("/boards/{boardId}/columns/order", CommandKind::ColumnReorder),
    Route::patch("/columns/{columnId}", CommandKind::ColumnUpdate).body_is("updates").entity("column"),
    Route::delete("/columns/{columnId}", CommandKind::ColumnDelete),
    Route::post("/boards/{boardId}/tasks", CommandKind::TaskCreate).entity("task").creates("tasks"),
    Route::get("/boards/{boardId}/next", CommandKind::TaskNext),
    Route::post("/boards/{boardId}/claims", CommandKind::TaskClaim).entity("task"),
    Route::get("/tasks", CommandKind::TaskList),
    Route::get("/tasks/{taskId}", CommandKind::TaskGet).entity("task"),
    Route::patch("/tasks/{taskId}", CommandKind::TaskUpdate).body_is("updates").entity("task"),
    Route::delete("/tasks/{taskId}", CommandKind::TaskDelete),
    Route::post("/tasks/{taskId}/move", CommandKind::TaskMove).entity("task"),
    Route::put("/tasks/{taskId}/assignee", CommandKind::TaskAssign).entity("task"),
    Route::post("/tasks/{taskId}/complete", CommandKind::TaskComplete).entity("task"),
    Route::put("/tasks/{taskId}/lease", CommandKind::TaskRenew).entity("task"),
    Route::delete("/tasks/{taskId}/lease", CommandKind::TaskRelease).entity("task"),
    Route::post("/tasks/{taskId}/comments", CommandKind::TaskCommentAdd).creates(""),
    Route::patch("/comments/{commentId}", CommandKind::TaskCommentUpdate),
    Route::delete("/comments/{commentId}", CommandKind::TaskCommentDelete),
    Route::delete("/attachments/{attachmentId}", CommandKind::TaskAttachmentRemove),
    Route::put("/tasks/{taskId}/dependencies/{dependsOn}", CommandKind::TaskDependencyAdd),
    Route::delete("/tasks/{taskId}/dependencies/{dependsOn}", CommandKind::TaskDependencyRemove),
    Route::get("/search", CommandKind::TaskSearch),
    Route::get("/notifications", CommandKind::NotificationList),
    Route::post("/notifications/read", CommandKind::NotificationRead),
];

#[cfg(test)]
mod tests {
    use boardwire_protocol::CommandGroup;

    use super::*;

    #[test]
    fn every_command_except_those_of_connections_has_a_route() {
        for kind in CommandKind::ALL {
            // The log of a board has a handler of its own, which can also stream it.
            let elsewhere = kind.name() == "board:events";
            let here = ROUTES.iter().any(|route| route.kind == *kind);
            let expected = kind.group() != CommandGroup::Connection && !elsewhere;
            assert_eq!(here, expected, "{}", kind.name());
        }
    }
}
