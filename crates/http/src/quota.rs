//! Quotas for uploads: how many one user may have at the same time, how much space attachments may take, and how much
//! of the disk stays free.
//!
//! An upload reserves its size before its first byte is read, and reserved bytes count as used: so concurrent uploads
//! can't together exceed a quota. Usage is read after the reservation: a file attached in between is counted twice, but
//! no file is missed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use boardwire_protocol::{Code, ErrorBody};
use boardwire_services::storage::{DiskSpace, StoredBytes};
use http::{HeaderMap, header};
use serde_json::json;

/// How many uploads one user may have at the same time.
const MAX_PER_USER: u32 = 4;

/// How much space attachments may take.
#[derive(Debug, Clone, Copy)]
pub struct Quotas {
    /// The limit for one user, in bytes; 0 means no limit.
    pub per_user: u64,
    /// The limit for all users together, in bytes; 0 means no limit.
    pub in_all: u64,
    /// The share of a disk that stays free, in percent.
    pub min_free: u8,
}

/// The uploads in progress.
#[derive(Clone, Default)]
pub(crate) struct Uploads(Arc<Mutex<Running>>);

#[derive(Default)]
struct Running {
    by_user: HashMap<String, UserUploads>,
    bytes: u64,
}

/// The uploads of one user.
#[derive(Default)]
struct UserUploads {
    uploads: u32,
    bytes: u64,
}

/// The permit for one upload. Dropping it releases the reserved bytes.
pub(crate) struct UploadPermit {
    uploads: Uploads,
    user: String,
    bytes: u64,
    /// The bytes reserved for its user and in all when it began, including its own.
    pub(crate) reserved: StoredBytes,
}

impl Uploads {
    /// Returns the permit for an upload of up to `bytes`, or `None` if the user already has as many as allowed.
    pub(crate) fn begin(&self, user: &str, bytes: u64) -> Option<UploadPermit> {
        let mut running = self.lock();
        let theirs = running.by_user.entry(user.to_owned()).or_default();
        if theirs.uploads >= MAX_PER_USER {
            return None;
        }
        theirs.uploads += 1;
        theirs.bytes += bytes;
        let by_user = theirs.bytes;
        running.bytes += bytes;
        let reserved = StoredBytes { by_user, in_all: running.bytes };
        drop(running);
        Some(UploadPermit { uploads: self.clone(), user: user.to_owned(), bytes, reserved })
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UploadPermit {
    fn drop(&mut self) {
        let mut running = self.uploads.lock();
        running.bytes -= self.bytes;
        if let Some(theirs) = running.by_user.get_mut(&self.user) {
            theirs.uploads -= 1;
            theirs.bytes -= self.bytes;
            if theirs.uploads == 0 {
                running.by_user.remove(&self.user);
            }
        }
    }
}

/// Returns an upper limit for the size of a request's file, from its headers and `max_file`.
pub(crate) fn max_upload_size(headers: &HeaderMap, max_file: u64) -> u64 {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.map_or(max_file, |length: u64| length.min(max_file))
}

impl Quotas {
    /// Returns an error if the bytes that are stored and reserved exceed a quota.
    pub(crate) fn used_up(&self, held: StoredBytes, reserved: StoredBytes) -> Option<ErrorBody> {
        let over = |limit: u64, held: u64, reserved: u64| limit > 0 && held.saturating_add(reserved) > limit;
        if over(self.per_user, held.by_user, reserved.by_user) {
            let (limit, held) = (self.per_user, held.by_user);
            let message = format!("your files may hold {limit} bytes and hold {held}; remove some first");
            let details = json!({"scope": "user", "limit": limit, "held": held});
            return Some(ErrorBody::new(Code::StorageFull, message).with_details(details));
        }
        over(self.in_all, held.in_all, reserved.in_all)
            .then(|| storage_full("server", "all files together hold as much as they may; ask the operator"))
    }

    /// Returns whether the disk still keeps its free share once everything reserved has been written.
    pub(crate) fn leaves_space(&self, disk: DiskSpace, reserved: StoredBytes) -> bool {
        let after = disk.free.saturating_sub(reserved.in_all);
        u128::from(after) * 100 >= u128::from(disk.total) * u128::from(self.min_free)
    }
}

pub(crate) fn storage_full(scope: &'static str, message: &str) -> ErrorBody {
    ErrorBody::new(Code::StorageFull, message).with_details(json!({"scope": scope}))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn held(by_user: u64, in_all: u64) -> StoredBytes {
        StoredBytes { by_user, in_all }
    }

    #[test]
    fn dropped_permits_release_their_bytes() {
        let uploads = Uploads::default();
        let permits: Vec<_> = (0..4).map(|_| uploads.begin("ann", 10).expect("a permit")).collect();
        assert!(uploads.begin("ann", 10).is_none());
        let bob = uploads.begin("bob", 5).expect("a permit");
        assert_eq!((permits[3].reserved, bob.reserved), (held(40, 40), held(5, 45)));
        drop(permits);
        assert_eq!(uploads.begin("ann", 1).expect("a permit").reserved, held(1, 6));
        drop(bob);
        let running = uploads.lock();
        assert!(running.by_user.is_empty() && running.bytes == 0);
    }

    #[test]
    fn reserved_bytes_count_as_stored() {
        let quotas = Quotas { per_user: 100, in_all: 200, min_free: 5 };
        let scope = |quotas: Quotas, held, reserved| {
            quotas.used_up(held, reserved).map(|error| error.details.expect("details")["scope"].clone())
        };
        assert_eq!(scope(quotas, held(60, 160), held(40, 40)), None);
        assert_eq!(scope(quotas, held(60, 60), held(41, 41)), Some("user".into()));
        assert_eq!(scope(quotas, held(0, 160), held(1, 41)), Some("server".into()));
        assert_eq!(scope(Quotas { per_user: 0, in_all: 0, ..quotas }, held(u64::MAX, u64::MAX), held(1, 1)), None);
        let has_space = |free| quotas.leaves_space(DiskSpace { free, total: 1000 }, held(10, 10));
        assert!(has_space(60) && !has_space(59) && !has_space(0));
        let none = Quotas { min_free: 0, ..quotas };
        assert!(none.leaves_space(DiskSpace { free: 0, total: 1000 }, held(10, 10)));
    }

    #[test]
    fn a_file_is_no_larger_than_its_request() {
        let sized = |length: &str| {
            max_upload_size(&[(header::CONTENT_LENGTH, length.parse().expect("a header"))].into_iter().collect(), 100)
        };
        assert_eq!(
            (sized("7"), sized("1000"), sized("x"), max_upload_size(&HeaderMap::new(), 100)),
            (7, 100, 100, 100)
        );
    }
}
