//! The parts of the page: scripts, styles, fonts, icons. Their names contain a hash of their contents, so that
//! browsers may cache them for ever.

use std::{
    borrow::Cow,
    collections::HashMap,
    io::Write as _,
    sync::{LazyLock, Mutex, PoisonError},
};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::accept::accepts;

#[derive(RustEmbed)]
#[folder = "dist/"]
struct Built;

/// Compressed parts by name, each compressed when it is first requested; `None` if it would not be smaller. At most as
/// many as there are parts.
static COMPRESSED: LazyLock<Mutex<HashMap<String, Option<Bytes>>>> = LazyLock::new(Mutex::default);

/// Returns a file of the build.
pub(crate) fn get(path: &str) -> Option<EmbeddedFile> {
    Built::get(path)
}

/// Returns the part, compressed if the client accepts that.
pub(crate) fn answer(name: &str, headers: &HeaderMap) -> Response {
    let Some(file) = get(&format!("assets/{name}")) else {
        // A page that was opened before an update asks for parts that are gone.
        let missing = [(header::CACHE_CONTROL, "no-store")];
        return (StatusCode::NOT_FOUND, missing, "no such part: load the page again\n").into_response();
    };
    let plain = match file.data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => data.into(),
    };
    let always = [
        (header::CONTENT_TYPE, file.metadata.mimetype()),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::VARY, "accept-encoding"),
    ];
    match accepts_gzip(headers).then(|| compressed(name, &plain)).flatten() {
        Some(small) => (always, [(header::CONTENT_ENCODING, "gzip")], small).into_response(),
        None => (always, plain).into_response(),
    }
}

fn compressed(name: &str, plain: &Bytes) -> Option<Bytes> {
    let mut cache = COMPRESSED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(small) = cache.get(name) {
        return small.clone();
    }
    let small = compress(plain).filter(|small| small.len() < plain.len());
    cache.insert(name.to_owned(), small.clone());
    small
}

fn compress(plain: &Bytes) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 2), Compression::best());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    accepts(headers, &header::ACCEPT_ENCODING, &["gzip", "*"])
}
