//! Files: uploaded as a stream of `multipart/form-data`, downloaded in a form that no browser executes.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State, multipart::Field},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use boardwire_protocol::{Attachment, AttachmentId, FileName, TaskId, is_hidden, success};
use boardwire_services::{NewAttachment, ServiceError, storage::NewFile};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    body::require_type,
    caller::AuthenticatedRequest,
    door::Door,
    entity_tags::{EntityTags, Malformed},
    path::PathId,
    problem::Problem,
    quota,
    ranges::RequestedRange,
    upload_limiter::UploadLimiter,
};

/// How long a user with too many concurrent uploads is asked to wait.
const UPLOAD_RETRY: Duration = Duration::from_secs(1);
/// The longest media type, in characters.
const MAX_CONTENT_TYPE: usize = 127;

pub(crate) fn routes() -> Router<Arc<Door>> {
    Router::new()
        .route("/tasks/{taskId}/attachments", post(upload).layer(DefaultBodyLimit::disable()))
        .route("/attachments/{attachmentId}", get(download))
}

/// The part of an upload's result that is used here.
#[derive(Deserialize)]
struct UploadResult {
    attachment: StoredAttachment,
}

#[derive(Deserialize)]
struct StoredAttachment {
    id: AttachmentId,
}

async fn upload(
    State(door): State<Arc<Door>>,
    authenticated: AuthenticatedRequest,
    PathId(task_id): PathId<TaskId>,
    request: Request,
) -> Result<Response, Problem> {
    require_type(request.headers(), "multipart/form-data")?;
    let max_size = quota::max_upload_size(request.headers(), door.settings().max_attachment_size);
    let permit = door.uploads.begin(authenticated.caller().user().as_str(), max_size);
    let permit = permit.ok_or_else(|| Problem::wait(UPLOAD_RETRY, "too many uploads of this user at the same time"))?;
    door.services().may_attach(authenticated.caller(), &task_id).await?;
    door.ensure_space_for(&permit, authenticated.caller().user()).await?;
    let (upload_limiter, request) = UploadLimiter::begin(request, door.settings().max_attachment_size);
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|error| Problem::invalid("", error.body_text()))?;
    let new = loop {
        match upload_limiter.next("", form.next_field()).await? {
            Some(field) if field.name() == Some("file") => {
                break door.store_file(task_id, field, &upload_limiter).await?;
            }
            Some(_) => {}
            None => return Err(Problem::invalid("file", "the form has no field of this name")),
        }
    };
    let id = new.id.clone();
    // An upload takes time, and the right to it may have ended meanwhile.
    let caller = match door.gate().renew(authenticated.caller()).await {
        Ok(caller) => caller,
        Err(denied) => {
            let _ = door.parts.files.remove(&id).await;
            return Err(denied.into());
        }
    };
    let attached = door.services().attach(&caller, authenticated.request_id.clone(), new).await;
    let applied = match attached {
        Ok(applied) => applied,
        Err(error) => {
            // It is unknown whether an interrupted change happened; leftover files are removed later.
            if !matches!(error, ServiceError::BrokenOff | ServiceError::Storage(_)) {
                let _ = door.parts.files.remove(&id).await;
            }
            return Err(error.into());
        }
    };
    // If an earlier request with the same id was answered again, its file is kept and the new one is not needed.
    let is_other_file =
        serde_json::from_str(applied.result.get()).is_ok_and(|UploadResult { attachment }| attachment.id != id);
    if is_other_file {
        let _ = door.parts.files.remove(&id).await;
    }
    let body = success(authenticated.request_id.as_ref(), applied.seq(), &applied.result);
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok((StatusCode::CREATED, json, body.get().to_owned()).into_response())
}

async fn download(
    State(door): State<Arc<Door>>,
    method: Method,
    headers: HeaderMap,
    authenticated: AuthenticatedRequest,
    PathId(id): PathId<AttachmentId>,
) -> Result<Response, Problem> {
    let attachment = door.services().readable_attachment(authenticated.caller(), &id).await?;
    let file_headers = headers_of(&attachment);
    let (tag, size) = (Some(attachment.sha256.as_str()), attachment.size);
    let tags = |name| EntityTags::read(&headers, &name);
    let if_match = tags(header::IF_MATCH).map_err(|Malformed| Problem::invalid("If-Match", "must be ETags, or *"))?;
    if if_match.is_some_and(|if_match| !if_match.match_strongly(tag)) {
        return Err(Problem::failed_precondition("If-Match"));
    }
    // A malformed `If-None-Match` is ignored: the file is sent whole.
    if tags(header::IF_NONE_MATCH).ok().flatten().is_some_and(|known| known.match_weakly(tag)) {
        return Ok((StatusCode::NOT_MODIFIED, file_headers).into_response());
    }
    // With `If-Range`, a part is served only if its tag is the current one, otherwise the whole file. A date is not
    // accepted there, because it does not identify the bytes.
    let range_applies = !headers.contains_key(header::IF_RANGE)
        || matches!(tags(header::IF_RANGE), Ok(Some(named @ EntityTags::These(_))) if named.match_strongly(tag));
    let range = headers.get(header::RANGE).filter(|_| range_applies && method == Method::GET);
    let part = match range
        .and_then(|range| range.to_str().ok())
        .map_or(RequestedRange::Whole, |range| RequestedRange::of(range, size))
    {
        RequestedRange::Whole => None,
        RequestedRange::Part(part) => Some(part),
        RequestedRange::Unsatisfiable => {
            let problem = Problem::invalid("Range", format!("the file has {size} bytes"));
            let size = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((size, problem.with_status(StatusCode::RANGE_NOT_SATISFIABLE)).into_response());
        }
    };
    let pieces = door.parts.files.open(&id, part.clone()).await?;
    let body = Body::from_stream(pieces.ok_or(ServiceError::NotFound("attachment"))?);
    let length = |length: u64| [(header::CONTENT_LENGTH, HeaderValue::from(length))];
    let Some(part) = part else { return Ok((file_headers, length(size), body).into_response()) };
    let content_range = [(header::CONTENT_RANGE, format!("bytes {}-{}/{size}", part.start, part.end - 1))];
    Ok((StatusCode::PARTIAL_CONTENT, file_headers, content_range, length(part.end - part.start), body).into_response())
}

/// Returns the headers of a download. Whatever the file is, browsers save it and run nothing.
fn headers_of(attachment: &Attachment) -> HeaderMap {
    let plain = attachment.filename.chars().map(|character| match character {
        '"' | '\\' | '/' => '_',
        character if character.is_ascii() && !character.is_ascii_control() => character,
        _ => '_',
    });
    let plain: String = plain.collect();
    let encoded = attachment.filename.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
        text
    });
    let disposition = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    let varying = [
        (header::CONTENT_TYPE, attachment.content_type.clone()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::ETAG, format!("\"{}\"", attachment.sha256)),
    ];
    let fixed = [
        (header::ACCEPT_RANGES, "bytes"),
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    let varying = varying.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)));
    varying.chain(fixed.map(|(name, value)| (name, HeaderValue::from_static(value)))).collect()
}

impl Door {
    /// Stores the bytes of a file under a new id.
    async fn store_file(
        &self,
        task_id: TaskId,
        mut field: Field<'_>,
        upload_limiter: &UploadLimiter,
    ) -> Result<NewAttachment, Problem> {
        upload_limiter.file_begins();
        let filename = FileName::try_from(file_name(field.file_name()))
            .map_err(|error| Problem::invalid("file", format!("its name: {error}")))?;
        let content_type = content_type(field.content_type());
        let id: AttachmentId = self.clock().new_id();
        let mut file = self.parts.files.create(&id).await?;
        match self.copy(&mut field, upload_limiter, &mut *file).await {
            Ok((size, sha256)) => {
                file.finish().await?;
                Ok(NewAttachment { id, task_id, filename, content_type, size, sha256 })
            }
            Err(problem) => {
                file.discard().await;
                Err(problem)
            }
        }
    }

    /// Copies the bytes to a file as they arrive. Returns their size and hash.
    async fn copy(
        &self,
        field: &mut Field<'_>,
        upload_limiter: &UploadLimiter,
        file: &mut dyn NewFile,
    ) -> Result<(u64, String), Problem> {
        let (mut size, mut hash) = (0, Sha256::new());
        while let Some(piece) = upload_limiter.next("file", field.chunk()).await? {
            size += piece.len() as u64;
            if size > self.settings().max_attachment_size {
                return Err(upload_limiter.too_large());
            }
            hash.update(&piece);
            file.write(piece).await?;
        }
        Ok((size, format!("{:x}", hash.finalize())))
    }
}

/// Returns the given media type if it is well-formed, otherwise `application/octet-stream`.
fn content_type(given: Option<&str>) -> String {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&^_.+-/".contains(&byte);
    let fits = |text: &&str| {
        text.len() <= MAX_CONTENT_TYPE
            && text.bytes().all(is_token)
            && text.split('/').filter(|part| !part.is_empty()).count() == 2
    };
    let essence = given.and_then(|text| text.split(';').next()).map(str::trim).filter(fits);
    essence.unwrap_or("application/octet-stream").to_ascii_lowercase()
}

/// Returns the given file name without folders and without characters that disguise it, or `file` if nothing is left.
fn file_name(given: Option<&str>) -> String {
    // Browsers encode these three characters in this way to keep a name within its quotes.
    let plain = given.unwrap_or_default().replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n");
    let last = plain.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|&character| !is_hidden(character)).collect();
    match name.trim() {
        "" | "." | ".." => "file".to_owned(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_media_types_are_kept() {
        assert_eq!(content_type(Some("Text/HTML; charset=utf-8")), "text/html");
        for wrong in [None, Some(""), Some("text"), Some("a/b/c"), Some("text/ht ml"), Some("text/x\r\nSet-Cookie: a")]
        {
            assert_eq!(content_type(wrong), "application/octet-stream", "{wrong:?}");
        }
    }

    #[test]
    fn file_names_lose_folders_and_hidden_characters() {
        for (given, name) in [
            ("a.txt", "a.txt"),
            ("../../x", "x"),
            ("C:\\folder\\x.txt", "x.txt"),
            ("a%22b%22.txt", "a\"b\".txt"),
            ("a%0D%0Ab\u{7f}\t.txt", "ab.txt"),
            ("100%.txt", "100%.txt"),
            ("\u{202e}gpj\u{2066}.\u{200f}exe", "gpj.exe"),
            ("bärchen 🎉.png", "bärchen 🎉.png"),
            (".profile", ".profile"),
            ("a/..", "file"),
            (".", "file"),
            ("folder/", "file"),
            ("\u{202e}. ", "file"),
            ("", "file"),
        ] {
            assert_eq!(file_name(Some(given)), name, "{given:?}");
        }
        assert_eq!(file_name(None), "file");
    }
}
