//! Room for uploads: how many one user may have at the same time, how much space attachments may take, and how much of
//! the disk stays free.
//!
//! An upload reserves its size before its first byte is read, and reserved bytes count as used: uploads that run at the
//! same time can't together take what only one of them could. Usage is read after the reservation, so a file attached
//! in between is counted twice, but never not at all.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use boardwire_protocol::{Code, ErrorBody};
use boardwire_services::storage::{DiskSpace, StoredBytes};
use http::{HeaderMap, header};
use serde_json::json;

/// How many uploads one user may have at the same time.
const AT_ONCE: u32 = 4;

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
    by_user: HashMap<String, Share>,
    bytes: u64,
}

/// The uploads of one user.
#[derive(Default)]
struct Share {
    uploads: u32,
    bytes: u64,
}

/// The right to one upload, until it is dropped.
pub(crate) struct Turn {
    uploads: Uploads,
    user: String,
    bytes: u64,
    /// What was reserved for its user and for all when it began, itself included.
    pub(crate) promised: StoredBytes,
}

impl Uploads {
    /// Returns the right to an upload of up to `bytes`, or `None` if the user already has as many as allowed.
    pub(crate) fn begin(&self, user: &str, bytes: u64) -> Option<Turn> {
        let mut running = self.lock();
        let share = running.by_user.entry(user.to_owned()).or_default();
        if share.uploads >= AT_ONCE {
            return None;
        }
        share.uploads += 1;
        share.bytes += bytes;
        let by_user = share.bytes;
        running.bytes += bytes;
        let promised = StoredBytes { by_user, in_all: running.bytes };
        drop(running);
        Some(Turn { uploads: self.clone(), user: user.to_owned(), bytes, promised })
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut running = self.uploads.lock();
        running.bytes -= self.bytes;
        if let Some(share) = running.by_user.get_mut(&self.user) {
            share.uploads -= 1;
            share.bytes -= self.bytes;
            if share.uploads == 0 {
                running.by_user.remove(&self.user);
            }
        }
    }
}

/// Returns how large the file of a request can be, as far as its headers tell.
pub(crate) fn largest(headers: &HeaderMap, max_file: u64) -> u64 {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.map_or(max_file, |length: u64| length.min(max_file))
}

impl Quotas {
    /// Returns the error for the quota that is used up by what is held and reserved, if one is.
    pub(crate) fn used_up(&self, held: StoredBytes, promised: StoredBytes) -> Option<ErrorBody> {
        let over = |limit: u64, held: u64, promised: u64| limit > 0 && held.saturating_add(promised) > limit;
        if over(self.per_user, held.by_user, promised.by_user) {
            let (limit, held) = (self.per_user, held.by_user);
            let message = format!("your files may hold {limit} bytes and hold {held}; remove some first");
            let details = json!({"scope": "user", "limit": limit, "held": held});
            return Some(ErrorBody::new(Code::StorageFull, message).with_details(details));
        }
        over(self.in_all, held.in_all, promised.in_all)
            .then(|| full("server", "all files together hold as much as they may; ask the operator"))
    }

    /// Returns whether the disk still keeps its free share once everything reserved has been written.
    pub(crate) fn leaves_room(&self, room: DiskSpace, promised: StoredBytes) -> bool {
        let after = room.free.saturating_sub(promised.in_all);
        u128::from(after) * 100 >= u128::from(room.total) * u128::from(self.min_free)
    }
}

pub(crate) fn full(scope: &'static str, message: &str) -> ErrorBody {
    ErrorBody::new(Code::StorageFull, message).with_details(json!({"scope": scope}))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn held(by_user: u64, in_all: u64) -> StoredBytes {
        StoredBytes { by_user, in_all }
    }

    #[test]
    fn turns_are_given_back() {
        let uploads = Uploads::default();
        let turns: Vec<_> = (0..4).map(|_| uploads.begin("ann", 10).expect("a turn")).collect();
        assert!(uploads.begin("ann", 10).is_none());
        let bob = uploads.begin("bob", 5).expect("a turn");
        assert_eq!((turns[3].promised, bob.promised), (held(40, 40), held(5, 45)));
        drop(turns);
        assert_eq!(uploads.begin("ann", 1).expect("a turn").promised, held(1, 6));
        drop(bob);
        let running = uploads.lock();
        assert!(running.by_user.is_empty() && running.bytes == 0);
    }

    #[test]
    fn what_is_promised_counts_as_held() {
        let quotas = Quotas { per_user: 100, in_all: 200, min_free: 5 };
        let scope = |quotas: Quotas, held, promised| {
            quotas.used_up(held, promised).map(|error| error.details.expect("details")["scope"].clone())
        };
        assert_eq!(scope(quotas, held(60, 160), held(40, 40)), None);
        assert_eq!(scope(quotas, held(60, 60), held(41, 41)), Some("user".into()));
        assert_eq!(scope(quotas, held(0, 160), held(1, 41)), Some("server".into()));
        assert_eq!(scope(Quotas { per_user: 0, in_all: 0, ..quotas }, held(u64::MAX, u64::MAX), held(1, 1)), None);
        let room = |free| quotas.leaves_room(DiskSpace { free, total: 1000 }, held(10, 10));
        assert!(room(60) && !room(59) && !room(0));
        let none = Quotas { min_free: 0, ..quotas };
        assert!(none.leaves_room(DiskSpace { free: 0, total: 1000 }, held(10, 10)));
    }

    #[test]
    fn a_file_is_no_larger_than_its_request() {
        let sized = |length: &str| {
            largest(&[(header::CONTENT_LENGTH, length.parse().expect("a header"))].into_iter().collect(), 100)
        };
        assert_eq!((sized("7"), sized("1000"), sized("x"), largest(&HeaderMap::new(), 100)), (7, 100, 100, 100));
    }
}
