//! Arguments of the calls on headers.

use std::borrow::Cow;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// The octets of `argument`, which must be `bytes`.
#[inline]
pub fn bytes_argument<'a>(argument: &'a Bound<'_, PyAny>, name: &str) -> PyResult<&'a [u8]> {
    let bytes = argument.cast::<PyBytes>().map_err(|_| PyTypeError::new_err(format!("{name} must be bytes")))?;
    Ok(bytes.as_bytes())
}

/// The Latin-1 bytes of a `str`, or `None` if a character is not Latin-1.
pub fn latin1_argument<'a>(argument: &'a Bound<'_, PyAny>, name: &str) -> PyResult<Option<Cow<'a, [u8]>>> {
    let text = argument.cast::<PyString>().map_err(|_| PyTypeError::new_err(format!("{name} must be str")))?;
    Ok(match text.to_str() {
        Ok(text) if text.is_ascii() => Some(Cow::Borrowed(text.as_bytes())),
        Ok(text) => {
            text.chars().map(|character| u8::try_from(character).ok()).collect::<Option<Vec<_>>>().map(Cow::Owned)
        }
        Err(_) => None,
    })
}
