//! Arguments of calls from Python.

use std::borrow::Cow;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// An optional argument.
#[derive(Clone, Copy)]
pub enum Optional<'a, 'py> {
    Default,
    Given(&'a Bound<'py, PyAny>),
}

impl<'a, 'py> Optional<'a, 'py> {
    #[allow(clippy::unnecessary_wraps)]
    pub fn from_argument(argument: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        Ok(Self::Given(argument))
    }

    pub fn or(self, default: i64, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Default => Ok(default.into_pyobject(py)?.into_any()),
            Self::Given(argument) => Ok(argument.clone()),
        }
    }
}

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
