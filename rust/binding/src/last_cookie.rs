//! Finds a cookie in the headers of a request.

use std::borrow::Cow;
use std::ops::Range;

use fastware_core::{cookies as cookie_header, header_name};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// The last cookie of a name in the Cookie headers that it has seen.
pub struct LastCookie<'n, 'py> {
    name: Option<&'n [u8]>,
    /// The header, and the range of the value in it, still quoted.
    found: Option<(Bound<'py, PyBytes>, Range<usize>)>,
}

impl<'n, 'py> LastCookie<'n, 'py> {
    /// `None` if no cookie can have the name.
    pub fn named(name: Option<&'n [u8]>) -> Self {
        Self { name, found: None }
    }

    /// Look in a header, if it is a Cookie header.
    pub fn look_in(&mut self, found_name: &[u8], header: &Bound<'py, PyBytes>) {
        if header_name::is(found_name, b"cookie") {
            self.look_in_cookies(header);
        }
    }

    /// Look in a Cookie header.
    pub fn look_in_cookies(&mut self, header: &Bound<'py, PyBytes>) {
        if let Some(name) = self.name
            && let Some(value) = cookie_header::last(header.as_bytes(), name)
        {
            self.found = Some((header.clone(), value));
        }
    }

    pub fn value(&self) -> Cow<'_, [u8]> {
        let Some((header, value)) = &self.found else { return Cow::Borrowed(b"") };
        cookie_header::unquote(&header.as_bytes()[value.clone()])
    }
}
