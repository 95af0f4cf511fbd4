//! Parts of files: RFC 9110, sections 13.1.5 and 14.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::Kind;

use super::{TaskBoard, download, expect_safe_headers, upload, uploaded};
use crate::scene::{Scene, text};

on_both!(a_part_of_a_file_can_be_downloaded);

async fn a_part_of_a_file_can_be_downloaded(kind: Kind) -> Result<()> {
    let setup = TaskBoard::create(Scene::open(kind).await?, &[]).await?;
    let server = &setup.scene.server;
    // Larger than one read from the disk.
    let bytes: Vec<u8> = (0..100_000_u32).map(|number| (number % 251) as u8).collect();
    let file = uploaded(upload(server, "ann", &setup.task)?.file("a.bin", "text/plain", &bytes)).await?;
    let id = text(&file["id"])?;
    let whole = download(server, "ann", &id)?.header("accept-encoding", "gzip").send().await?;
    ensure!(whole.body == bytes && whole.header("accept-ranges") == Some("bytes"), "{:?}", whole.headers);
    let tag = whole.header("etag").context("no ETag")?.to_owned();

    for (range, part) in [
        ("bytes=0-0", 0..1),
        ("bytes=10-19", 10..20),
        ("bytes=99990-", 99_990..100_000),
        ("bytes=99990-200000", 99_990..100_000),
        ("bytes=-5", 99_995..100_000),
        ("bytes=-200000", 0..100_000),
        ("bytes=1-99999", 1..100_000),
    ] {
        for if_range in [None, Some(tag.as_str())] {
            let mut request = download(server, "ann", &id)?.header("range", range);
            if let Some(tag) = if_range {
                request = request.header("if-range", tag);
            }
            let answer = request.header("accept-encoding", "gzip").send().await?;
            ensure!(answer.status == 206 && answer.body == bytes[part.clone()], "{range}: {:?}", answer.headers);
            let content_range = format!("bytes {}-{}/100000", part.start, part.end - 1);
            assert_eq!(answer.header("content-range"), Some(content_range.as_str()), "{range}");
            assert_eq!(answer.header("content-length"), Some(part.len().to_string().as_str()), "{range}");
            assert_eq!(answer.header("etag"), Some(tag.as_str()));
            expect_safe_headers(&answer)?;
        }
    }
    for range in ["bytes=100000-", "bytes=100000-100001", "bytes=-0"] {
        let answer = download(server, "ann", &id)?.header("range", range).send().await?;
        ensure!(
            answer.status == 416 && answer.header("content-range") == Some("bytes */100000"),
            "{range}: {answer:?}"
        );
        ensure!(answer.json()?["code"] == "INVALID_MESSAGE", "{answer:?}");
    }
    // A header that is malformed, unsupported or meant for another file is ignored.
    let weak = format!("W/{tag}");
    for (range, if_range) in [
        ("bytes=5-2", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        ("nonsense", None),
        ("bytes=0-1", Some("\"other\"")),
        ("bytes=0-1", Some(weak.as_str())),
        ("bytes=0-1", Some("Fri, 27 Nov 2026 10:00:00 GMT")),
        ("bytes=0-1", Some("*")),
        ("bytes=200000-", Some("\"other\"")),
    ] {
        let mut request = download(server, "ann", &id)?.header("range", range);
        if let Some(tag) = if_range {
            request = request.header("if-range", tag);
        }
        let answer = request.send().await?;
        ensure!(answer.status == 200 && answer.body == bytes, "{range} {if_range:?}: {:?}", answer.headers);
        ensure!(answer.header("content-range").is_none(), "{range} {if_range:?}: {:?}", answer.headers);
    }
    // The other conditions are checked first.
    let known =
        download(server, "ann", &id)?.header("range", "bytes=0-1").header("if-none-match", &weak).send().await?;
    ensure!(known.status == 304, "{known:?}");
    let other =
        download(server, "ann", &id)?.header("range", "bytes=0-1").header("if-match", "\"other\"").send().await?;
    ensure!(other.status == 412, "{other:?}");
    Ok(())
}
