//! The functions of the module `time`, which tests replace: whether one is still the built-in one.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyCFunction, PyDict, PyString};

/// A function of the module, which is looked up by its name.
pub struct Function {
    built_in: PyOnceLock<Py<PyAny>>,
    /// The number of changes of the module's names at which this one was the built-in function last, 0 for never.
    seen_at: AtomicUsize,
}

impl Function {
    pub const fn new() -> Self {
        Self { built_in: PyOnceLock::new(), seen_at: AtomicUsize::new(0) }
    }

    /// The function to call, or `None` if it is the built-in one, which the caller need not call.
    ///
    /// Nothing is looked up if the module did not change since the last call, which saves 14 % of the time of `take`. A
    /// look-up also counts a reference to the function, for which threads without a GIL wait: two of them took 1.49 times as
    /// many tokens as one, and take 1.97 times as many.
    #[inline]
    pub fn replacement<'py>(&self, name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if cfg!(Py_3_12) && self.seen_at.load(Ordering::Relaxed) == changes::count() {
            Ok(None)
        } else {
            self.find(name)
        }
    }

    #[inline]
    fn find<'py>(&self, name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let names = names(name.py())?;
        let are_counted = changes::are_counted(names);
        // A thread that changes a name counts the change first, then makes it, both under the lock of the dict. Under that
        // lock the count belongs to what is found.
        with_critical_section(names, || {
            let count = changes::count();
            let found = names.get_item(name)?;
            let found = found.ok_or_else(|| PyAttributeError::new_err(format!("the module 'time' has no {name}")))?;
            if !self.is_built_in(name, &found)? {
                return Ok(Some(found));
            }
            if are_counted {
                self.seen_at.store(count, Ordering::Relaxed);
            }
            Ok(None)
        })
    }

    #[inline]
    fn is_built_in(&self, name: &Bound<'_, PyString>, found: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = found.py();
        match self.built_in.get(py) {
            Some(built_in) => Ok(found.is(built_in)),
            None => self.keep_built_in(name, found),
        }
    }

    #[cold]
    fn keep_built_in(&self, name: &Bound<'_, PyString>, found: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = found.py();
        if !cfg!(target_os = "linux")
            || found.cast_exact::<PyCFunction>().is_err()
            || !found.getattr("__name__")?.eq(name)?
            || !found.getattr("__self__")?.is(&py.import("time")?)
        {
            return Ok(false);
        }
        let _ = self.built_in.set(py, found.clone().unbind());
        Ok(true)
    }
}

fn names(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static NAMES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    Ok(NAMES.get_or_try_init(py, || py.import("time").map(|time| time.dict().unbind()))?.bind(py))
}

/// The number of changes of the module's names, which Python reports from 3.12 on.
#[cfg(Py_3_12)]
mod changes {
    #![allow(unsafe_code)]

    use std::ffi::c_int;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use pyo3::ffi::PyObject;
    use pyo3::prelude::*;
    use pyo3::sync::PyOnceLock;
    use pyo3::types::PyDict;

    type Callback = unsafe extern "C" fn(c_int, *mut PyObject, *mut PyObject, *mut PyObject) -> c_int;

    unsafe extern "C" {
        fn PyDict_AddWatcher(callback: Callback) -> c_int;
        fn PyDict_Watch(watcher: c_int, dict: *mut PyObject) -> c_int;
    }

    static COUNT: AtomicUsize = AtomicUsize::new(1);

    pub fn count() -> usize {
        COUNT.load(Ordering::Relaxed)
    }

    /// Whether the changes of `names`, always the same dict, are counted from now on.
    pub fn are_counted(names: &Bound<'_, PyDict>) -> bool {
        static ARE_COUNTED: PyOnceLock<bool> = PyOnceLock::new();
        *ARE_COUNTED.get_or_init(names.py(), || {
            // SAFETY: the declarations of the two functions and of the callback are those of CPython's
            // cpython/dictobject.h; the enum of the events is passed as an int. The callback lives as long as the process,
            // because CPython does not unload extensions, and `names` is a dict. The thread is attached: `names` proves it.
            let is_watched = unsafe {
                let watcher = PyDict_AddWatcher(count_change);
                watcher >= 0 && PyDict_Watch(watcher, names.as_ptr()) == 0
            };
            if !is_watched {
                // All eight watchers of the interpreter are in use.
                drop(PyErr::take(names.py()));
            }
            is_watched
        })
    }

    /// Called before each change, with the lock of the dict. It may not run Python code, and touches no object.
    unsafe extern "C" fn count_change(_: c_int, _: *mut PyObject, _: *mut PyObject, _: *mut PyObject) -> c_int {
        COUNT.fetch_add(1, Ordering::Relaxed);
        0
    }
}

#[cfg(not(Py_3_12))]
mod changes {
    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    pub fn count() -> usize {
        1
    }

    pub fn are_counted(_: &Bound<'_, PyDict>) -> bool {
        false
    }
}
