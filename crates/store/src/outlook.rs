//! A board as somebody sees it who looks for work, from several statements.

use boardwire_protocol::BoardId;
use boardwire_services::storage::{Outlook, Stored};

use crate::{
    connection::Connection,
    statements::{board, column, lease},
};

/// `None`: there is no such board. The connection is to be in a transaction that sees one moment.
pub(crate) async fn of(connection: &mut Connection<'_>, id: &BoardId) -> Stored<Option<Outlook>> {
    let Some(state) = board::find(connection, id).await? else { return Ok(None) };
    let columns = column::list(connection, id).await?;
    Ok(Some(Outlook {
        archived: state.board.archived,
        columns: columns.into_iter().map(|state| state.column).collect(),
        held: lease::held(connection, id).await?,
        prospects: lease::prospects(connection, id).await?,
    }))
}
