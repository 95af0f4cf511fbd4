//! Queries that return the next task, lists, search results, or parts of a board's log.

use boardwire_protocol::{BoardId, EncodedEnvelope, Timestamp, lease, listing};

use crate::{
    Caller, ServiceError, access,
    answer::Answer,
    scheduler::{self, Criteria},
    storage::{Match, Store, WantedMatches, WantedTasks},
};

/// How many tasks a page has by default, and at most.
const DEFAULT_TASKS: u32 = 50;
const MAX_TASKS: u32 = 200;
/// The prefix of a cursor. It names the order of the list: by id.
const CURSOR_PREFIX: &str = "id-";
/// How many search results an answer has by default, and at most.
const DEFAULT_HITS: u32 = 20;
const MAX_HITS: u32 = 50;
/// How many events an answer has by default, and at most.
const DEFAULT_EVENTS: u32 = 100;
const MAX_EVENTS: u32 = 500;
/// The most bytes that the envelopes in an answer have together, except that the first event is always included.
const MAX_EVENT_BYTES: usize = 1 << 20;
/// How many characters of a text a snippet has: before the first word found, and in all.
const SNIPPET_LEAD: usize = 40;
const MAX_SNIPPET: usize = 160;
/// How many of the words of a search are looked for when a snippet is cut.
const MAX_SNIPPET_WORDS: usize = 8;

/// Suggests the task to work on next.
pub(crate) async fn next_task(
    store: &dyn Store,
    caller: &Caller,
    now: Timestamp,
    query: lease::Next,
) -> Result<Answer, ServiceError> {
    require_readable(store, caller, &query.board_id).await?;
    let mut workload = store.workload(&query.board_id).await?.ok_or(ServiceError::NotFound("board"))?;
    if workload.archived {
        workload.candidates.clear();
    }
    let criteria = Criteria { user: caller.user(), tags: query.tags.as_ref(), column: query.column_id.as_ref(), now };
    let (id, why) = scheduler::choose(&workload, &criteria)?;
    let task = match id {
        Some(id) => store.task(&id).await?,
        None => None,
    };
    Answer::new(&lease::Chosen { task, why })
}

/// Returns a page of the tasks that match the query's conditions.
pub(crate) async fn tasks(
    store: &dyn Store,
    caller: &Caller,
    now: Timestamp,
    query: listing::List,
) -> Result<Answer, ServiceError> {
    let limit = checked_limit(query.limit, DEFAULT_TASKS, MAX_TASKS)?;
    let after = match &query.cursor {
        None => None,
        Some(cursor) => {
            let id = cursor.as_str().strip_prefix(CURSOR_PREFIX).and_then(|id| id.try_into().ok());
            Some(id.ok_or_else(|| ServiceError::invalid("cursor", "is none that a list has given"))?)
        }
    };
    if let Some(board) = &query.board_id {
        require_readable(store, caller, board).await?;
    }
    let filter = WantedTasks {
        reader: (!caller.is_admin()).then(|| caller.user().clone()),
        board: query.board_id,
        column: query.column_id,
        status: query.status,
        assignee: query.assignee,
        tag: query.tag.map(|tag| tag.into_string()),
        leased: query.leased,
        now,
        updated_since: query.updated_since,
        after,
        limit: limit + 1,
    };
    let mut tasks = store.tasks(&filter).await?;
    let more = tasks.len() > limit as usize;
    tasks.truncate(limit as usize);
    let cursor = tasks.last().filter(|_| more).map(|task| format!("{CURSOR_PREFIX}{}", task.id));
    Answer::new(&listing::Listed { tasks, cursor })
}

/// Returns the tasks that contain all words of the query, in their own text or in one comment.
pub(crate) async fn search(store: &dyn Store, caller: &Caller, query: listing::Search) -> Result<Answer, ServiceError> {
    let limit = checked_limit(query.limit, DEFAULT_HITS, MAX_HITS)?;
    if let Some(board) = &query.board_id {
        require_readable(store, caller, board).await?;
    }
    let words = words(query.query.as_str());
    let found = if words.is_empty() {
        Vec::new()
    } else {
        let reader = (!caller.is_admin()).then(|| caller.user().clone());
        store.matches(&WantedMatches { words: words.clone(), reader, board: query.board_id, limit }).await?
    };
    let hits = found.into_iter().map(|found| hit(found, &words)).collect();
    Answer::new(&listing::Found { hits })
}

/// Returns a page of a board's log.
pub(crate) async fn events(store: &dyn Store, caller: &Caller, query: listing::Events) -> Result<Answer, ServiceError> {
    let limit = checked_limit(query.limit, DEFAULT_EVENTS, MAX_EVENTS)?;
    let board = query.board_id;
    require_readable(store, caller, &board).await?;
    let head = store.head(&board).await?.ok_or(ServiceError::NotFound("board"))?;
    // Access was checked before `head` was read: check it again as of `head.seq`.
    if !caller.is_admin() && !head.members.contains(caller.user()) {
        return Err(ServiceError::NotFound("board"));
    }
    let mut logged = listing::Logged {
        events: Vec::new(),
        seq: head.seq,
        epoch: head.epoch.clone(),
        complete: true,
        recovered: false,
    };
    let log_covers_since = query.since <= head.seq && head.oldest <= query.since.next();
    if log_covers_since && query.epoch.is_none_or(|epoch| epoch == head.epoch) {
        let entries = store.read(&board, query.since, limit).await?;
        // If events were pruned in the meantime, the first ones are missing.
        logged.recovered =
            query.since == head.seq || entries.first().is_some_and(|first| first.seq == query.since.next());
        let mut last = query.since;
        let mut bytes = 0;
        for entry in entries.iter().filter(|entry| logged.recovered && entry.seq <= head.seq) {
            bytes += entry.envelope.get().len();
            if bytes > MAX_EVENT_BYTES && !logged.events.is_empty() {
                break;
            }
            last = entry.seq;
            logged.events.push(EncodedEnvelope(entry.envelope.clone()));
        }
        logged.complete = last == head.seq;
    }
    if !logged.recovered {
        logged.complete = false;
    }
    Ok(Answer { at: Some((board, head.seq)), ..Answer::new(&logged)? })
}

/// Checks that the caller may read a board now.
async fn require_readable(store: &dyn Store, caller: &Caller, board: &BoardId) -> Result<(), ServiceError> {
    if access::may_read(store, caller, board).await? { Ok(()) } else { Err(ServiceError::NotFound("board")) }
}

/// Returns the limit, or the default if there is none. Checks that it is 1 to `max`.
fn checked_limit(limit: Option<u32>, default: u32, max: u32) -> Result<u32, ServiceError> {
    let limit = limit.unwrap_or(default);
    if (1..=max).contains(&limit) {
        Ok(limit)
    } else {
        Err(ServiceError::invalid("limit", format!("1 to {max}, got {limit}")))
    }
}

/// Returns the words of a text: sequences of letters and digits, without anything that a database could take for an
/// operator.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|character: char| !character.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Returns a search result with a snippet.
fn hit(found: Match, words: &[String]) -> listing::Hit {
    let snippet = snippet(&found.text, words).or_else(|| snippet(&found.title, words));
    listing::Hit {
        snippet: snippet.unwrap_or_else(|| found.title.chars().take(MAX_SNIPPET).collect()),
        task_id: found.task_id,
        board_id: found.board_id,
        title: found.title,
        status: found.status,
        comment_id: found.comment_id,
    }
}

/// Returns the part of a text around the first of the words that occurs in it.
fn snippet(text: &str, words: &[String]) -> Option<String> {
    let characters: Vec<char> = text.chars().collect();
    let lower: Vec<char> =
        characters.iter().map(|character| character.to_lowercase().next().unwrap_or(*character)).collect();
    let begins_word = |at: usize| at == 0 || !characters[at - 1].is_alphanumeric();
    let find = |word: &String| {
        let word: Vec<char> = word.chars().collect();
        (0..lower.len()).find(|at| lower[*at..].starts_with(&word) && begins_word(*at))
    };
    let at = words.iter().take(MAX_SNIPPET_WORDS).filter_map(find).min()?;
    let from = at.saturating_sub(SNIPPET_LEAD);
    let to = characters.len().min(from + MAX_SNIPPET);
    let piece: String = characters[from..to].iter().collect();
    let (before, after) = (if from > 0 { "…" } else { "" }, if to < characters.len() { "…" } else { "" });
    Some(format!("{before}{piece}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_consist_of_letters_and_digits() {
        assert_eq!(words("Rocket's \"fuel\" NEAR/2 * a:b\0c"), ["rocket", "s", "fuel", "near", "2", "a", "b", "c"]);
        assert!(words("\"* 🚀 \0 (-) ").is_empty());
        assert_eq!(words("Größe 東京"), ["größe", "東京"]);
    }

    #[test]
    fn a_snippet_is_cut_around_the_word() {
        let words = ["fuel".to_owned()];
        assert_eq!(snippet("Buy Fuel today", &words).unwrap(), "Buy Fuel today");
        let long = format!("{} fuel {}", "before ".repeat(50), "after ".repeat(50));
        let piece = snippet(&long, &words).unwrap();
        assert!(piece.starts_with('…') && piece.ends_with('…') && piece.contains(" fuel "), "{piece}");
        assert!(snippet("refuel", &words).is_none());
    }
}
