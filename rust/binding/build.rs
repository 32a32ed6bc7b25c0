//! Tells the sources what the Python is like that they are built for: `Py_GIL_DISABLED`.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
