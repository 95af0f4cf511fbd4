//! Fits an answer into a number of bytes, always by the same rule: long texts are shortened first, then the ends of the
//! longest lists are left out, then whole fields; and `truncated` says what happened and how to get the rest.

use serde_json::{Value, json};

/// The lengths in characters to which texts are shortened, one after another, until the answer fits.
const TEXT_LENGTHS: [usize; 4] = [2000, 500, 200, 80];
/// Fields that are never shortened, because callers pass them on verbatim.
const VERBATIM: [&str; 3] = ["cursor", "epoch", "code"];
/// Fields that are never left out.
const KEPT: [&str; 9] = ["ok", "requestId", "seq", "epoch", "code", "error", "recovered", "timedOut", "complete"];
/// How many shortened lists are named at most; the others give no count.
const MAX_NAMED: usize = 4;
/// The note for callers on how to get the rest.
const HOW_TO_GET_THE_REST: &str = "ask again with fields, a larger maxBytes, or a smaller limit, page by page";

/// What was left out.
#[derive(Default)]
struct Omitted {
    texts: usize,
    shortened_to: usize,
    /// For each list its path, the shown length and the full length, which is `None` if the list was a page of a longer
    /// one.
    lists: Vec<(String, usize, Option<usize>)>,
    fields: Vec<String>,
}

/// Returns the reply, shortened to at most `max` bytes if that is possible.
pub(super) fn fit(mut reply: Value, max: usize) -> Value {
    if length(&reply) <= max || !reply.is_object() {
        return reply;
    }
    let mut omitted = Omitted::default();
    for max_length in TEXT_LENGTHS {
        omitted.texts += shorten(&mut reply, max_length);
        omitted.shortened_to = max_length;
        if omitted.length_with_note(&reply) <= max {
            return omitted.finish(reply);
        }
    }
    while let Some(path) = longest_list(&reply) {
        let excess = omitted.length_with_note(&reply).saturating_sub(max);
        if excess == 0 {
            return omitted.finish(reply);
        }
        cut_list(&mut reply, &path, excess, &mut omitted);
    }
    while omitted.length_with_note(&reply) > max {
        let Some(fields) = reply.as_object_mut() else { break };
        let candidates = fields.iter().filter(|(name, _)| !KEPT.contains(&name.as_str()));
        let Some(name) = candidates.max_by_key(|(_, value)| length(value)).map(|(name, _)| name.clone()) else { break };
        fields.remove(&name);
        omitted.lists.retain(|(path, ..)| !path.starts_with(&format!("/{name}")));
        omitted.fields.push(name);
    }
    omitted.finish(reply)
}

impl Omitted {
    /// Returns the length of the answer together with its note.
    fn length_with_note(&self, reply: &Value) -> usize {
        // A comma and the name of the field are added as well.
        length(reply) + length(&self.note()) + ",\"truncated\":".len()
    }

    /// Returns the value of `truncated`.
    fn note(&self) -> Value {
        let mut note = json!({"how": HOW_TO_GET_THE_REST});
        if self.texts > 0 {
            note["texts"] = json!({"shortened": self.texts, "to": self.shortened_to});
        }
        let named = self.lists.iter().rev().take(MAX_NAMED);
        let lists: Vec<_> = named
            .map(|(path, shown, of)| {
                let mut list = json!({"list": path[1..].replace('/', "."), "shown": shown});
                if let Some(of) = of {
                    list["of"] = json!(of);
                }
                list
            })
            .collect();
        if !lists.is_empty() {
            note["lists"] = lists.into();
        }
        if !self.fields.is_empty() {
            note["fields"] = json!(self.fields);
        }
        note
    }

    /// Returns the answer with its note.
    fn finish(self, mut reply: Value) -> Value {
        // Once a list was cut, what the answer says about the next page is wrong.
        if !self.lists.is_empty()
            && let Some(fields) = reply.as_object_mut()
        {
            fields.remove("cursor");
            fields.remove("next");
            if let Some(complete) = fields.get_mut("complete") {
                *complete = false.into();
            }
        }
        reply["truncated"] = self.note();
        reply
    }
}

/// Shortens texts to `to` characters. Returns how many were shortened for the first time.
fn shorten(value: &mut Value, to: usize) -> usize {
    match value {
        Value::String(text) => {
            let Some((end, _)) = text.char_indices().nth(to) else { return 0 };
            let was_shortened =
                text.ends_with('…') && TEXT_LENGTHS.iter().any(|length| text.chars().count() == length + 1);
            if text.chars().count() == to + 1 && was_shortened {
                return 0;
            }
            text.truncate(end);
            text.push('…');
            usize::from(!was_shortened)
        }
        Value::Array(values) => values.iter_mut().map(|value| shorten(value, to)).sum(),
        Value::Object(fields) => {
            let inner = fields.iter_mut().filter(|(name, _)| !VERBATIM.contains(&name.as_str()));
            inner.map(|(_, value)| shorten(value, to)).sum()
        }
        _ => 0,
    }
}

/// Returns the JSON pointer of the list with the most bytes; of several, the first in the order of pointers.
fn longest_list(reply: &Value) -> Option<String> {
    let mut longest: Option<(usize, String)> = None;
    let mut open = vec![(String::new(), reply)];
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Array(values) if !values.is_empty() => {
                let size = length(value);
                if longest.as_ref().is_none_or(|(most, first)| size > *most || size == *most && path < *first) {
                    longest = Some((size, path));
                }
            }
            Value::Object(fields) => {
                open.extend(fields.iter().map(|(name, value)| (format!("{path}/{name}"), value)));
            }
            _ => {}
        }
    }
    longest.map(|(_, path)| path)
}

/// Removes items from the end of a list until `excess` bytes are saved or the list is empty.
fn cut_list(reply: &mut Value, path: &str, excess: usize, omitted: &mut Omitted) {
    let is_page = path == "/tasks" && reply.get("next").is_some();
    let Some(list) = reply.pointer_mut(path).and_then(Value::as_array_mut) else { return };
    let before = list.len();
    let mut saved = 0;
    while saved < excess
        && let Some(last) = list.pop()
    {
        saved += length(&last) + 1;
    }
    let shown = list.len();
    match omitted.lists.iter_mut().find(|(known, ..)| known == path) {
        Some((_, known, _)) => *known = shown,
        None => omitted.lists.push((path.to_owned(), shown, (!is_page).then_some(before))),
    }
}

fn length(value: &Value) -> usize {
    serde_json::to_string(value).map_or(0, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(tasks: usize, description: usize) -> Value {
        let task = |number| json!({"id": format!("t{number}"), "description": "é".repeat(description)});
        json!({"ok": true, "seq": 9, "tasks": (0..tasks).map(task).collect::<Vec<_>>(), "cursor": "id-t9"})
    }

    #[test]
    fn an_answer_that_fits_is_unchanged() {
        let reply = board(3, 10);
        assert_eq!(fit(reply.clone(), length(&reply)), reply);
    }

    #[test]
    fn texts_are_shortened_before_lists() {
        let shown = fit(board(10, 20_000), 16_384);
        assert_eq!(shown["tasks"].as_array().unwrap().len(), 10);
        assert_eq!(shown["tasks"][0]["description"].as_str().unwrap().chars().count(), 501);
        assert_eq!(shown["truncated"]["texts"], json!({"shortened": 10, "to": 500}));
        assert_eq!(shown["cursor"], "id-t9");
    }

    #[test]
    fn every_answer_fits_and_keeps_its_beginning() {
        for (tasks, description) in [(1, 50_000), (400, 5), (400, 3000), (5, 600)] {
            for max in [512, 700, 2048, 16_384] {
                let reply = board(tasks, description);
                let shown = fit(reply.clone(), max);
                assert!(length(&shown) <= max, "{tasks} {description} {max}: {}", length(&shown));
                assert_eq!((&shown["ok"], &shown["seq"]), (&json!(true), &json!(9)));
                assert_eq!(shown, fit(reply, max));
                if shown["truncated"]["lists"].is_array() {
                    assert!(shown["cursor"].is_null());
                    assert_eq!(shown["truncated"]["lists"][0]["of"], tasks);
                }
            }
        }
    }

    #[test]
    fn a_cut_page_has_no_full_length() {
        let mut reply = board(400, 5);
        reply["next"] = "t399".into();
        let shown = fit(reply, 2048);
        assert!(shown["next"].is_null() && shown["truncated"]["lists"][0]["shown"].is_u64());
        assert!(shown["truncated"]["lists"][0]["of"].is_null());
    }

    #[test]
    fn whole_fields_are_left_out_last() {
        let mut reply = json!({"ok": true, "seq": 1});
        for number in 0..40 {
            reply[format!("field{number}")] = "x".repeat(60).into();
        }
        let shown = fit(reply, 2048);
        assert!(length(&shown) <= 2048 && shown["truncated"]["fields"].is_array());
    }
}
