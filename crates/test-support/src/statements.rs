//! Records the statements that an operation takes, by the spans that the store opens around them (`db.…`): to show that
//! it takes no more for many rows than for few. What other threads do for it counts as well.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, Once, PoisonError},
};

use tracing::{Instrument as _, Subscriber, level_filters::LevelFilter, span};
use tracing_subscriber::{Layer, layer::Context, prelude::*, registry::LookupSpan};

/// The span around the watched operation.
const WATCHED: &str = "watched";

/// The statements that ran within each watched span, by the span's id.
static RAN: Mutex<Option<HashMap<u64, Vec<&'static str>>>> = Mutex::new(None);

fn ran() -> MutexGuard<'static, Option<HashMap<u64, Vec<&'static str>>>> {
    RAN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes each span of the store within a watched one.
struct Watch;

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Watch {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let name = attributes.metadata().name();
        let Some(scope) = context.span_scope(id).filter(|_| name.starts_with("db.")) else { return };
        let Some(watched) = scope.into_iter().find(|span| span.name() == WATCHED) else { return };
        ran().get_or_insert_default().entry(watched.id().into_u64()).or_default().push(name);
    }
}

/// Returns a future's output, and the names of the statements that it took, in order. The first call becomes the
/// process's `tracing` subscriber.
pub async fn statements<F: Future>(of: F) -> (F::Output, Vec<&'static str>) {
    static START: Once = Once::new();
    START.call_once(|| {
        let watch = tracing_subscriber::registry().with(LevelFilter::DEBUG).with(Watch);
        tracing::subscriber::set_global_default(watch).expect("nothing else subscribes in this process");
    });
    let watched = tracing::debug_span!("watched");
    let id = watched.id().map_or(0, |id| id.into_u64());
    let output = of.instrument(watched.clone()).await;
    (output, ran().get_or_insert_default().remove(&id).unwrap_or_default())
}
