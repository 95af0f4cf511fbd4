//! The domain over HTTP: the commands of the catalog as resources. One table maps commands to paths; the routes, the
//! reading of requests and the OpenAPI document all follow from it.

mod answer;
mod preconditions;
mod request;
mod table;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Extension, Router,
    extract::{Path, RawQuery, Request, rejection::PathRejection},
    response::Response,
    routing::{MethodFilter, on},
};
use boardwire_gate::{Call, no_connection};
use boardwire_protocol::Code;

use preconditions::Preconditions;
pub(crate) use request::parse_query;
pub(crate) use table::{Fields, ROUTES, Route, Verb};

use crate::{caller::AuthenticatedRequest, door::Door, problem::Problem};

/// Returns a route for each row of the table.
pub(crate) fn routes() -> Router<Arc<Door>> {
    let mut router = Router::new();
    for route in ROUTES {
        let method = match route.verb {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
            Verb::Put => MethodFilter::PUT,
            Verb::Patch => MethodFilter::PATCH,
            Verb::Delete => MethodFilter::DELETE,
        };
        let handler = async move |path: Result<Path<HashMap<String, String>>, PathRejection>,
                                  RawQuery(query): RawQuery,
                                  authenticated: AuthenticatedRequest,
                                  request: Request| {
            run(route, path, query.as_deref(), authenticated, request).await
        };
        router = router.route(route.path, on(method, handler).layer(Extension(route.kind)));
    }
    router
}

async fn run(
    route: &'static Route,
    path: Result<Path<HashMap<String, String>>, PathRejection>,
    query: Option<&str>,
    authenticated: AuthenticatedRequest,
    request: Request,
) -> Result<Response, Problem> {
    let Path(path) = path.map_err(|_| Problem::new(Code::NotFound, "there is nothing of this name here"))?;
    let headers = request.headers().clone();
    let reply = if route.verb == Verb::Get {
        let payload = request::payload(route, path, query, request).await?;
        authenticated.admitted.run(Call::new(payload.into(), authenticated.request_id), no_connection).await?
    } else {
        let preconditions = Preconditions::read(route.kind, &headers)?;
        let payload = request::payload(route, path, query, request).await?;
        preconditions::execute(route, authenticated, payload, preconditions).await?
    };
    answer::response(route, &headers, &reply)
}
