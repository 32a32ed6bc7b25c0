//! `CSRFCheck`.

use std::ops::ControlFlow::Continue;

use fastware_core::csrf::{Check, Cookies, Request};
use fastware_core::header_name;
use fastware_core::hs256::Key;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::arguments::{Optional, bytes_argument, latin1_argument};
use crate::headers::each;
use crate::last_cookie::LastCookie;

/// The check of a request against cross-site request forgery. Rules: ``CSRFCheck`` in the engine contract.
#[pyclass(frozen, module = "fastware._engine._rust")]
pub struct CSRFCheck {
    check: Check,
    /// `None` if no cookie can have the name.
    session_cookie: Option<Box<[u8]>>,
    csrf_cookie: Option<Box<[u8]>>,
}

#[pymethods]
impl CSRFCheck {
    #[new]
    #[pyo3(
        signature = (
            *, session_cookie, csrf_cookie, check_origin, trusted_origins = Optional::Default,
            keys = Optional::Default, form = Optional::Default
        ),
        text_signature = "(*, session_cookie, csrf_cookie, check_origin, trusted_origins=(), keys=(), form=False)"
    )]
    fn new(
        session_cookie: &Bound<'_, PyAny>,
        csrf_cookie: &Bound<'_, PyAny>,
        check_origin: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = Optional::from_argument)] trusted_origins: Optional<'_, '_>,
        #[pyo3(from_py_with = Optional::from_argument)] keys: Optional<'_, '_>,
        #[pyo3(from_py_with = Optional::from_argument)] form: Optional<'_, '_>,
    ) -> PyResult<Self> {
        let session_cookie = latin1_argument(session_cookie, "session_cookie")?.map(|name| name.as_ref().into());
        let csrf_cookie = latin1_argument(csrf_cookie, "csrf_cookie")?.map(|name| name.as_ref().into());
        // The arguments are checked in this order.
        let check = Check {
            checks_origin: check_origin.is_truthy()?,
            trusted_origins: octet_strings(trusted_origins, "trusted_origins", |octets| Box::from(octets))?,
            keys: octet_strings(keys, "keys", Key::new)?,
            reads_form: match form {
                Optional::Default => false,
                Optional::Given(form) => form.is_truthy()?,
            },
        };
        Ok(Self { check, session_cookie, csrf_cookie })
    }

    /// Return the result for a request.
    fn verdict(&self, headers: &Bound<'_, PyAny>, needs_token: &Bound<'_, PyAny>) -> PyResult<u8> {
        let needs_token = needs_token.is_truthy()?;
        let mut session =
            LastCookie::named(if needs_token { self.name_of_session() } else { self.session_cookie.as_deref() });
        let mut csrf = LastCookie::named(if needs_token { self.csrf_cookie.as_deref() } else { None });
        let mut first = First::default();
        each(headers, |name, value| {
            if let Some(slot) = first.slot(name) {
                slot.get_or_insert_with(|| value.clone());
            } else if header_name::is(name, b"cookie") {
                session.look_in_cookies(value);
                csrf.look_in_cookies(value);
            }
            Continue(())
        })?;
        let cookies = (session.value(), csrf.value());
        let cookies = Cookies { session: &cookies.0, csrf: &cookies.1 };
        Ok(self.check.verdict(&first.request(cookies), needs_token) as u8)
    }

    /// Return the result of the token steps, with the token from the form.
    fn verdict_of_form(&self, headers: &Bound<'_, PyAny>, submitted: &Bound<'_, PyAny>) -> PyResult<u8> {
        let submitted = bytes_argument(submitted, "submitted")?;
        let mut session = LastCookie::named(self.name_of_session());
        let mut csrf = LastCookie::named(self.csrf_cookie.as_deref());
        each(headers, |name, value| {
            if header_name::is(name, b"cookie") {
                session.look_in_cookies(value);
                csrf.look_in_cookies(value);
            }
            Continue(())
        })?;
        let cookies = (session.value(), csrf.value());
        Ok(self.check.verdict_on_token(submitted, &Cookies { session: &cookies.0, csrf: &cookies.1 }) as u8)
    }
}

impl CSRFCheck {
    /// The name of the session cookie, if the token steps need it.
    fn name_of_session(&self) -> Option<&[u8]> {
        if self.check.keys.is_empty() { None } else { self.session_cookie.as_deref() }
    }
}

/// The first value of each header that counts.
#[derive(Default)]
struct First<'py> {
    authorization: Option<Bound<'py, PyBytes>>,
    sec_fetch_site: Option<Bound<'py, PyBytes>>,
    origin: Option<Bound<'py, PyBytes>>,
    host: Option<Bound<'py, PyBytes>>,
    x_csrf_token: Option<Bound<'py, PyBytes>>,
}

impl<'py> First<'py> {
    /// Where the value of the header `name` is kept. The lengths differ, so that most headers are compared with none.
    #[inline]
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<Bound<'py, PyBytes>>> {
        let (expected, slot): (&[u8], _) = match name.len() {
            4 => (b"host", &mut self.host),
            6 => (b"origin", &mut self.origin),
            12 => (b"x-csrf-token", &mut self.x_csrf_token),
            13 => (b"authorization", &mut self.authorization),
            14 => (b"sec-fetch-site", &mut self.sec_fetch_site),
            _ => return None,
        };
        header_name::is(name, expected).then_some(slot)
    }

    fn request<'r>(&'r self, cookies: Cookies<'r>) -> Request<'r> {
        let octets = |value: &'r Option<Bound<'py, PyBytes>>| value.as_ref().map(PyBytesMethods::as_bytes);
        Request {
            authorization: octets(&self.authorization),
            sec_fetch_site: octets(&self.sec_fetch_site),
            origin: octets(&self.origin),
            host: octets(&self.host),
            x_csrf_token: octets(&self.x_csrf_token),
            cookies,
        }
    }
}

/// The items of a list or tuple of `bytes`, each made by `make`.
fn octet_strings<T>(argument: Optional<'_, '_>, name: &str, make: impl Fn(&[u8]) -> T) -> PyResult<Vec<T>> {
    let Optional::Given(argument) = argument else { return Ok(Vec::new()) };
    let tuple = match argument.cast::<PyList>() {
        Ok(list) => Some(list.to_tuple()),
        Err(_) => argument.cast::<PyTuple>().ok().cloned(),
    };
    let invalid = || PyTypeError::new_err(format!("{name} must be a list or tuple of bytes"));
    let tuple = tuple.ok_or_else(invalid)?;
    // Allocated at full size: growing would leave copies of keys in freed memory.
    let mut items = Vec::with_capacity(tuple.len());
    for item in tuple.as_slice() {
        items.push(make(item.cast::<PyBytes>().map_err(|_| invalid())?.as_bytes()));
    }
    Ok(items)
}
