//! The check for the main interpreter.

#![allow(unsafe_code)]

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// The engine keeps objects of one interpreter for the whole process; they are freed when that interpreter ends.
pub fn check_main(_: Python<'_>) -> PyResult<()> {
    // SAFETY: both calls only read a pointer, and need nothing but an attached thread, which the argument proves.
    let is_main = unsafe { ffi::PyInterpreterState_Get() == ffi::PyInterpreterState_Main() };
    if is_main {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "fastware's Rust engine works in the main interpreter only; set FASTWARE_ENGINE=python in others",
    ))
}
