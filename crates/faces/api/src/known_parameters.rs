//! Refuses query parameters that a route does not have: who misspells a filter must not get everything.
//! Which ones it has, the API document says. Not here: what may be in them.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use dayline_app::{AppError, FieldError};
use dayline_http_kit::Problem;
use dayline_http_kit::parameter::unknown;
use futures_util::future::{Either, Ready, ready};
use http::Method;
use tower::{Layer, Service};
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

/// The paths whose parameters are looked at; browsers and proxies add some to those of others.
const CHECKED: &str = "/api/v1/";

/// The parameters of each route, by its pattern and method.
#[derive(Clone)]
pub(crate) struct KnownParameters(Arc<HashMap<(String, Method), Vec<String>>>);

impl KnownParameters {
    /// Those that the document names.
    pub(crate) fn of(document: &OpenApi) -> Self {
        let checked = document.paths.paths.iter().filter(|(path, _)| path.starts_with(CHECKED));
        let routes = checked.flat_map(|(path, item)| {
            operations(item).map(|(method, operation)| ((path.clone(), method), names(operation)))
        });
        Self(Arc::new(routes.collect()))
    }

    /// What is wrong with a request's parameters, if something is. One is enough to be told of: there
    /// may be thousands.
    fn problem(&self, request: &Request) -> Option<Problem> {
        let query = request.uri().query()?;
        let path = request.extensions().get::<MatchedPath>()?;
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let known = self.0.get(&(path.as_str().to_owned(), method.clone()))?;
        let name = unknown(query, known)?;
        let there_are = if known.is_empty() {
            "this route has none".to_owned()
        } else {
            format!("there are {}", known.join(", "))
        };
        let error = FieldError::new(name, format!("is no parameter of this route: {there_are}"));
        Some(AppError::Invalid(vec![error]).into())
    }
}

fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    let all = [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn names(operation: &Operation) -> Vec<String> {
    let all = operation.parameters.iter().flatten();
    let in_query = all.filter_map(|parameter| match parameter {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.clone()),
        _ => None,
    });
    in_query.collect()
}

impl<S> Layer<S> for KnownParameters {
    type Service = Checked<S>;

    fn layer(&self, inner: S) -> Checked<S> {
        Checked { inner, known: self.clone() }
    }
}

/// A service whose requests have no unknown parameters.
#[derive(Clone)]
pub(crate) struct Checked<S> {
    inner: S,
    known: KnownParameters,
}

impl<S> Service<Request> for Checked<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.known.problem(&request) {
            Some(problem) => Either::Left(ready(Ok(problem.into_response()))),
            None => Either::Right(self.inner.call(request)),
        }
    }
}
