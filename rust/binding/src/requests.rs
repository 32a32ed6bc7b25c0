//! `header`, `cookie`, `cookies`, `credential`, `identify`.

use std::ops::ControlFlow::{Break, Continue};

use fastware_core::{cookies as cookie_header, credential as bearer_credential, header_name, query};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::arguments::{Optional, bytes_argument, latin1_argument};
use crate::expected::Expected;
use crate::headers::each;
use crate::last_cookie::LastCookie;
use crate::text::latin1;
use crate::tokens::{has_usable_secret, verified};

// The docstrings are those of the pure-Python engine, word for word.

// What `identify` returns instead of claims.
pub const NO_TOKEN: u8 = 0;
pub const INVALID_TOKEN: u8 = 1;
pub const UNUSABLE_SECRET: u8 = 2;

/// Return the first value whose header name is `name` (lowercase bytes), or ``b""``. Rules: ``Engine.header``.
#[pyfunction]
pub fn header<'py>(
    py: Python<'py>,
    headers: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let name = bytes_argument(name, "name")?;
    let mut found = None;
    each(headers, |found_name, value| {
        if header_name::is(found_name, name) {
            found = Some(value.clone());
            return Break(());
        }
        Continue(())
    })?;
    Ok(found.map_or_else(|| PyBytes::new(py, b""), exact))
}

/// Return the value of the cookie `cookie_name`, or ``""``. Rules: ``Engine.cookie``.
#[pyfunction]
pub fn cookie<'py>(
    py: Python<'py>,
    headers: &Bound<'py, PyAny>,
    cookie_name: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyString>> {
    let name = latin1_argument(cookie_name, "cookie_name")?;
    let mut cookie = LastCookie::named(name.as_deref());
    each(headers, |found_name, value| {
        cookie.look_in(found_name, value);
        Continue(())
    })?;
    latin1(py, &cookie.value())
}

/// Return all cookies by name. Rules: ``Engine.cookies``.
#[pyfunction]
pub fn cookies<'py>(py: Python<'py>, headers: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let mut cookie_headers = Vec::new();
    each(headers, |found_name, value| {
        if header_name::is(found_name, b"cookie") {
            cookie_headers.push(value.clone());
        }
        Continue(())
    })?;
    let cookies = PyDict::new(py);
    for header in cookie_headers {
        for (name, value) in cookie_header::pairs(header.as_bytes()) {
            cookies.set_item(latin1(py, name)?, latin1(py, &cookie_header::unquote(value))?)?;
        }
    }
    Ok(cookies)
}

/// Return the token that a request presents, or ``None``. Rules: ``Engine.credential``.
#[pyfunction]
pub fn credential<'py>(
    py: Python<'py>,
    headers: &Bound<'py, PyAny>,
    query_string: &Bound<'py, PyAny>,
    cookie_name: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyString>>> {
    with_credential(headers, query_string, cookie_name, |token| latin1(py, token))
}

/// Return the claims of the token that a request presents, or why there are none. Rules: ``Engine.identify``.
#[pyfunction]
#[pyo3(
    signature = (
        headers, query_string, cookie_name, secret, *, leeway = Optional::Default, audience = None, issuer = None
    ),
    text_signature = "(headers, query_string, cookie_name, secret, *, leeway=0.0, audience=None, issuer=None)"
)]
#[allow(clippy::too_many_arguments)] // those of the contract
pub fn identify<'py>(
    py: Python<'py>,
    headers: &Bound<'py, PyAny>,
    query_string: &Bound<'py, PyAny>,
    cookie_name: &Bound<'py, PyAny>,
    secret: &Bound<'py, PyAny>,
    #[pyo3(from_py_with = Optional::from_argument)] leeway: Optional<'_, 'py>,
    audience: Option<&Bound<'py, PyAny>>,
    issuer: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let expected = Expected::new(leeway, audience, issuer)?;
    let claims = with_credential(headers, query_string, cookie_name, |token| verified(py, token, secret, &expected))?;
    let failure = match claims {
        Some(Some(claims)) => return Ok(claims.into_any()),
        Some(None) if has_usable_secret(secret)? => INVALID_TOKEN,
        Some(None) => UNUSABLE_SECRET,
        None => NO_TOKEN,
    };
    Ok(failure.into_pyobject(py)?.into_any())
}

/// Call `with` with the token that a request presents, if it presents one.
fn with_credential<T>(
    headers: &Bound<'_, PyAny>,
    query_string: &Bound<'_, PyAny>,
    cookie_name: &Bound<'_, PyAny>,
    with: impl FnOnce(&[u8]) -> PyResult<T>,
) -> PyResult<Option<T>> {
    let query_string = if query_string.is_none() { None } else { Some(bytes_argument(query_string, "query_string")?) };
    let name = latin1_argument(cookie_name, "cookie_name")?;
    let mut cookie = LastCookie::named(name.as_deref());
    let mut authorization = None;
    each(headers, |found_name, value| {
        if authorization.is_none() && header_name::is(found_name, b"authorization") {
            authorization = Some(value.clone());
            if bearer_credential::bearer(value.as_bytes()).is_some() {
                return Break(());
            }
        }
        cookie.look_in(found_name, value);
        Continue(())
    })?;
    if let Some(token) = authorization.as_ref().and_then(|value| bearer_credential::bearer(value.as_bytes())) {
        return with(token).map(Some);
    }
    let mut token = cookie.value();
    if token.is_empty()
        && let Some(query_string) = query_string
    {
        token = query::first(query_string, b"token").unwrap_or_default();
    }
    if token.is_empty() { Ok(None) } else { with(&token).map(Some) }
}

/// `value` as exact `bytes`, not as a subclass.
fn exact(value: Bound<'_, PyBytes>) -> Bound<'_, PyBytes> {
    if value.is_exact_instance_of::<PyBytes>() { value } else { PyBytes::new(value.py(), value.as_bytes()) }
}
