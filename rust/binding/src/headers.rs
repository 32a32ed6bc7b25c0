//! ASGI headers: any iterable of two-item iterables of bytes; servers send lists of tuples or of lists.

use std::ops::ControlFlow::{self, Break};

use pyo3::exceptions::{PyStopIteration, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

/// Show `visit` each name and value in turn, until it breaks.
pub fn each<'py>(
    headers: &Bound<'py, PyAny>,
    mut visit: impl FnMut(&[u8], &Bound<'py, PyBytes>) -> ControlFlow<()>,
) -> PyResult<()> {
    if let Ok(list) = headers.cast_exact::<PyList>() {
        for item in list {
            if let Break(()) = visit_item(&item, &mut visit)? {
                break;
            }
        }
        return Ok(());
    }
    let items = headers.try_iter().map_err(|error| explain(error, headers.py()))?;
    for item in items {
        if let Break(()) = visit_item(&item?, &mut visit)? {
            break;
        }
    }
    Ok(())
}

fn visit_item<'py>(
    item: &Bound<'py, PyAny>,
    visit: &mut impl FnMut(&[u8], &Bound<'py, PyBytes>) -> ControlFlow<()>,
) -> PyResult<ControlFlow<()>> {
    if let Ok(tuple) = item.cast_exact::<PyTuple>() {
        return match tuple.as_slice() {
            [name, value] => visit_pair(name, value, visit),
            _ => Err(malformed()),
        };
    }
    let pair = unpack(item).map_err(|error| explain(error, item.py()))?;
    match pair.as_slice() {
        [name, value] => visit_pair(name, value, visit),
        _ => Err(malformed()),
    }
}

fn visit_pair<'py>(
    name: &Bound<'py, PyAny>,
    value: &Bound<'py, PyAny>,
    visit: &mut impl FnMut(&[u8], &Bound<'py, PyBytes>) -> ControlFlow<()>,
) -> PyResult<ControlFlow<()>> {
    let name = name.cast::<PyBytes>().map_err(|_| malformed())?;
    let value = value.cast::<PyBytes>().map_err(|_| malformed())?;
    Ok(visit(name.as_bytes(), value))
}

/// The two items of `item`, or as many as tell that they are not two.
fn unpack<'py>(item: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let mut iterator = item.try_iter()?;
    let mut items = Vec::with_capacity(3);
    while items.len() < 3
        && let Some(next) = iterator.next()
    {
        items.push(next?);
    }
    Ok(items)
}

/// What unpacking raises of itself becomes the one message; anything else is the iterable's own error.
fn explain(error: PyErr, py: Python<'_>) -> PyErr {
    let is_unfit = error.is_instance_of::<PyTypeError>(py)
        || error.is_instance_of::<PyValueError>(py)
        || error.is_instance_of::<PyStopIteration>(py);
    if is_unfit { malformed() } else { error }
}

fn malformed() -> PyErr {
    PyTypeError::new_err("ASGI headers are an iterable of (name, value) pairs of bytes")
}
