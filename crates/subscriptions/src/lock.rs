//! Locks a mutex even if a thread has panicked while holding it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks the mutex. Each change under these locks is complete before anything can panic, so a poisoned mutex
/// holds a sound value.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
