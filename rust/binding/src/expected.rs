//! What a token must satisfy besides its signature: the options of `verify_token`.

use std::borrow::Cow;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyList, PyString, PyTuple};

use crate::arguments::Optional;
use crate::shared;

/// Maximum leeway in seconds, 2**53.
pub const MAX_LEEWAY: f64 = 9_007_199_254_740_992.0;

pub struct Expected<'a, 'py> {
    pub leeway: f64,
    audience: Option<Audience<'a, 'py>>,
    issuer: Option<Cow<'a, Bound<'py, PyString>>>,
}

enum Audience<'a, 'py> {
    One(&'a Bound<'py, PyString>),
    /// A tuple of `str`.
    Several(Cow<'a, Bound<'py, PyTuple>>),
}

impl<'a, 'py> Expected<'a, 'py> {
    pub fn new(
        leeway: Optional<'_, 'py>,
        audience: Option<&'a Bound<'py, PyAny>>,
        issuer: Option<&'a Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        Ok(Self {
            leeway: match leeway {
                Optional::Default => 0.0,
                Optional::Given(leeway) => seconds(leeway)?,
            },
            audience: audience.map(Audience::new).transpose()?,
            issuer: issuer.map(exact_issuer).transpose()?,
        })
    }

    pub fn expects_audience(&self) -> bool {
        self.audience.is_some()
    }

    /// Whether `claims` has the expected audience and issuer.
    #[inline]
    pub fn is_met_by(&self, claims: &Bound<'py, PyDict>) -> PyResult<bool> {
        if let Some(audience) = &self.audience
            && !audience.is_that_of(claims)?
        {
            return Ok(false);
        }
        let Some(issuer) = &self.issuer else { return Ok(true) };
        let found = claims.get_item(intern!(claims.py(), "iss"))?;
        found.map_or(Ok(false), |found| issuer.as_any().eq(found))
    }
}

impl<'a, 'py> Audience<'a, 'py> {
    fn new(audience: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        if is_name(audience) {
            return Ok(Self::One(audience.cast_exact()?));
        }
        if let Ok(names) = audience.cast_exact::<PyTuple>()
            && !names.is_empty()
            && names.iter_borrowed().all(|name| is_name(&name))
        {
            return Ok(Self::Several(Cow::Borrowed(names)));
        }
        shared::as_audience(audience).map(|names| Self::Several(Cow::Owned(names)))
    }

    /// Whether `aud` is one of the expected names, or a list of names with one of them.
    fn is_that_of(&self, claims: &Bound<'py, PyDict>) -> PyResult<bool> {
        let Some(found) = claims.get_item(intern!(claims.py(), "aud"))? else { return Ok(false) };
        let Ok(names) = found.cast::<PyList>() else {
            return Ok(found.is_instance_of::<PyString>() && self.has(&found)?);
        };
        let mut has_one = false;
        for name in names {
            if !name.is_instance_of::<PyString>() {
                return Ok(false);
            }
            has_one = has_one || self.has(&name)?;
        }
        Ok(has_one)
    }

    fn has(&self, name: &Bound<'py, PyAny>) -> PyResult<bool> {
        match self {
            Self::One(audience) => audience.as_any().eq(name),
            Self::Several(audiences) => audiences.contains(name),
        }
    }
}

fn seconds(leeway: &Bound<'_, PyAny>) -> PyResult<f64> {
    match leeway.cast_exact::<PyFloat>().map(PyFloatMethods::value) {
        Ok(seconds) if (0.0..=MAX_LEEWAY).contains(&seconds) => Ok(seconds),
        _ => shared::as_leeway(leeway),
    }
}

/// Whether `audience` is a non-empty `str`, and not of a subclass, which may override comparison.
fn is_name(audience: &Bound<'_, PyAny>) -> bool {
    audience.cast_exact::<PyString>().is_ok_and(|name| name.len().is_ok_and(|length| length > 0))
}

fn exact_issuer<'a, 'py>(issuer: &'a Bound<'py, PyAny>) -> PyResult<Cow<'a, Bound<'py, PyString>>> {
    match issuer.cast_exact::<PyString>() {
        Ok(issuer) => Ok(Cow::Borrowed(issuer)),
        Err(_) => shared::as_issuer(issuer).map(Cow::Owned),
    }
}
