//! The domain over HTTP: the commands of the catalog as resources. Which is where is one table; the routes, what a
//! request is turned into, and the OpenAPI document are all made from it.

mod answer;
mod condition;
mod request;
mod table;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Extension, Router,
    extract::{Path, RawQuery, Request, State, rejection::PathRejection},
    response::Response,
    routing::{MethodFilter, on},
};
use boardwire_protocol::Code;

use condition::Condition;
pub(crate) use request::parse_query;
pub(crate) use table::{Fields, ROUTES, Route, Verb};

use crate::{caller::Signed, door::Door, problem::Problem};

/// A route for each row of the table.
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
        let handler = async move |State(door): State<Arc<Door>>,
                                  path: Result<Path<HashMap<String, String>>, PathRejection>,
                                  RawQuery(query): RawQuery,
                                  signed: Signed,
                                  request: Request| {
            run(&door, route, path, query.as_deref(), signed, request).await
        };
        router = router.route(route.path, on(method, handler).layer(Extension(route.kind)));
    }
    router
}

async fn run(
    door: &Door,
    route: &'static Route,
    path: Result<Path<HashMap<String, String>>, PathRejection>,
    query: Option<&str>,
    signed: Signed,
    request: Request,
) -> Result<Response, Problem> {
    let Path(path) = path.map_err(|_| Problem::new(Code::NotFound, "there is nothing of this name here"))?;
    let headers = request.headers().clone();
    let reply = if route.verb == Verb::Get {
        let payload = request::payload(route, path, query, request).await?;
        door.gate().execute(&signed.caller, route.kind, payload.into(), signed.request_id).await?
    } else {
        let condition = Condition::read(route.kind, &headers)?;
        let payload = request::payload(route, path, query, request).await?;
        condition::execute(door, route, signed, payload, condition).await?
    };
    answer::response(route, &headers, &reply)
}
