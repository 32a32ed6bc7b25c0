//! `has_usable_secret`, `create_token`, `verify_token`.
//!
//! Arguments are borrowed: threads share a secret and options, and without a GIL two that count references to one object
//! wait for each other. Verifying in two threads is 1.92 times as fast as in one, and was 1.84 times with a reference.

#![allow(clippy::doc_markdown)] // the docstrings are Python's

use std::borrow::Cow;

use fastware_core::claims::{self, Clock};
use fastware_core::hs256::Key;
use fastware_core::jws::{self, Unverified};
use fastware_core::keys;
use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyList, PyString, PyTuple};

use crate::arguments::Optional;
use crate::claims::PythonObjects;
use crate::clock;
use crate::expected::Expected;
use crate::shared;
use crate::text::filled;

pub const SECONDS_PER_HOUR: i64 = 3_600;
pub const DEFAULT_EXPIRES_HOURS: i64 = 720;
pub const MIN_SECRET_LENGTH: usize = 32;

/// 2**63, the first number that does not fit in 64 bits.
const END_OF_TIME: f64 = 9_223_372_036_854_775_808.0;

// The docstrings are those of the pure-Python engine, word for word.

/// Return whether one of *secrets* can sign and verify. Rules: ``Engine.has_usable_secret``.
#[pyfunction]
pub fn has_usable_secret(secrets: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(secrets_or_none(secrets)?.is_some_and(|secrets| any_key(&secrets, |_, key| key.is_some())))
}

/// Return a signed JWT with the claims ``sub``, ``role``, ``iat`` and ``exp`` (HS256), and then those of *claims*.
///
/// Args:
///     username: the subject, ``sub``.
///     role: the role, ``role``.
///     secret: at least 32 random bytes, as ``str`` (UTF-8) or ``bytes``. The first of a sequence of secrets signs.
///         A shorter one causes an ``InsecureKeyLengthWarning``, once per process.
///     expires_hours: hours until the token expires; a negative number makes an expired token.
///     expires_in: the same as seconds or a ``timedelta``, rounded down to whole seconds; replaces *expires_hours*.
///     claims: a mapping of further claims, whose values are JSON; ``nbf`` may be a ``datetime``.
///
/// Raises:
///     TypeError: an argument has another type, a claim is not JSON, or both *expires_hours* and *expires_in* are
///         given. The message names the argument or the claim and never shows its value.
///     ValueError: an empty secret, a secret that is a PEM, SSH, DER or JWK key (RFC 8725 section 2.1), a lone
///         surrogate, a time beyond 64 bits, a token over 65,536 characters, a claim that is one of the four, or one
///         that ``verify_token`` would reject as JSON, such as NaN.
#[pyfunction]
#[pyo3(
    signature = (username, role, secret, expires_hours = Optional::Default, *, expires_in = None, claims = None),
    text_signature = "(username, role, secret, expires_hours=720, *, expires_in=None, claims=None)"
)]
pub fn create_token<'py>(
    py: Python<'py>,
    username: &Bound<'py, PyAny>,
    role: &Bound<'py, PyAny>,
    secret: &Bound<'py, PyAny>,
    #[pyo3(from_py_with = Optional::from_argument)] expires_hours: Optional<'_, 'py>,
    expires_in: Option<&Bound<'py, PyAny>>,
    claims: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyString>> {
    let secrets = as_secrets(secret)?;
    let expires_in = match (&expires_hours, expires_in) {
        (_, None) => None,
        (Optional::Default, Some(expires_in)) => Some(shared::as_expires_in(expires_in)?),
        (Optional::Given(_), Some(_)) => {
            return Err(PyTypeError::new_err("pass expires_hours or expires_in, not both"));
        }
    };
    let further_members = claims.map(shared::further_members).transpose()?;
    let hours = match &expires_hours {
        Optional::Default => Some(DEFAULT_EXPIRES_HOURS),
        Optional::Given(hours) => hours.cast_exact::<PyInt>().ok().and_then(|hours| hours.extract().ok()),
    };
    let lifetime = expires_in.map(i128::from).or_else(|| Some(i128::from(hours?) * i128::from(SECONDS_PER_HOUR)));
    let claims = match (utf8(username), utf8(role), lifetime) {
        (Some(subject), Some(role), Some(lifetime)) => Claims::new(subject, role, clock::seconds(py)?, lifetime),
        _ => None,
    };
    let members = further_members.as_ref().map_or(&b""[..], |members| members.as_bytes());
    let mut is_usable = false;
    let mut length = 0;
    let mut token = None;
    any_key(&secrets, |secret, key| {
        is_usable = key.is_some();
        length = secret.len();
        token = claims.as_ref().zip(key).and_then(|(claims, key)| claims.sign(py, members, key));
        true
    });
    let Some(token) = token else {
        let expires_hours = expires_hours.or(DEFAULT_EXPIRES_HOURS, py)?;
        let has_claims = further_members.is_some();
        let error =
            shared::create_token_error(username, role, &secrets, &expires_hours, is_usable, expires_in, has_claims);
        return Err(error?);
    };
    if length < MIN_SECRET_LENGTH {
        shared::warn_if_short(py, length)?;
    }
    token
}

/// Return the claims of *token*, or ``None`` on any error. It never raises for an invalid *token* or *secret*.
///
/// The token must be HS256, signed with *secret* (or with one of a sequence), within ``exp``, ``nbf`` and ``iat``, and
/// spelled canonically. The rules and their sources: ``docs/behavior.md``.
///
/// Args:
///     token: a JWT in compact serialization, at most 65,536 characters.
///     secret: ``str`` (UTF-8) or ``bytes``, or a sequence of secrets for key rotation.
///     leeway: time by which clocks may differ (RFC 7519 section 4.1.4), as seconds or a ``timedelta``.
///     audience: the name of this service, or a collection of names; ``aud`` must have one of them. Without *audience*,
///         a token that has an audience is rejected (RFC 7519 section 4.1.3).
///     issuer: the value that ``iss`` must have (RFC 7519 section 4.1.1).
///
/// Raises:
///     TypeError: *leeway*, *audience* or *issuer* has another type.
///     ValueError: *leeway* is negative or over 2**53, or *audience* is empty.
#[pyfunction]
#[pyo3(
    signature = (token, secret, *, leeway = Optional::Default, audience = None, issuer = None),
    text_signature = "(token, secret, *, leeway=0.0, audience=None, issuer=None)"
)]
pub fn verify_token<'py>(
    py: Python<'py>,
    token: &Bound<'py, PyAny>,
    secret: &Bound<'py, PyAny>,
    #[pyo3(from_py_with = Optional::from_argument)] leeway: Optional<'_, 'py>,
    audience: Option<&Bound<'py, PyAny>>,
    issuer: Option<&Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let expected = Expected::new(leeway, audience, issuer)?;
    match utf8(token) {
        Some(token) => verified(py, token.as_bytes(), secret, &expected),
        None => Ok(None),
    }
}

/// The claims of `token`, if it is valid.
pub fn verified<'py>(
    py: Python<'py>,
    token: &[u8],
    secret: &Bound<'py, PyAny>,
    expected: &Expected<'_, 'py>,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let Some(unverified) = Unverified::new(token) else { return Ok(None) };
    let Some(secrets) = secrets_or_none(secret)? else { return Ok(None) };
    if !any_key(&secrets, |_, key| key.is_some_and(|key| unverified.is_signed_with(key))) {
        return Ok(None);
    }
    let clock = Clock::new(clock::seconds(py)?, expected.leeway);
    match unverified.claims(&mut PythonObjects(py), clock, expected.expects_audience()) {
        Some(claims) if expected.is_met_by(&claims)? => Ok(Some(claims)),
        _ => Ok(None),
    }
}

/// The four claims of a new token.
struct Claims<'a> {
    subject: &'a str,
    role: &'a str,
    issued_at: i64,
    expires_at: i64,
}

impl<'a> Claims<'a> {
    /// `None` if a time does not fit in 64 bits.
    #[allow(clippy::cast_possible_truncation)]
    fn new(subject: &'a str, role: &'a str, now: f64, lifetime: i128) -> Option<Self> {
        let issued_at = (now.abs() < END_OF_TIME).then_some(now as i64)?;
        let expires_at = i64::try_from(i128::from(issued_at) + lifetime).ok()?;
        Some(Self { subject, role, issued_at, expires_at })
    }

    /// `None` if the token would be too long.
    fn sign<'py>(&self, py: Python<'py>, members: &[u8], key: &Key) -> Option<PyResult<Bound<'py, PyString>>> {
        let payload = claims::payload(self.subject, self.role, self.issued_at, self.expires_at, members);
        let length = jws::token_length(payload.len())?;
        Some(filled(py, length, |token| jws::sign(&payload, key, token)))
    }
}

fn utf8<'s>(object: &'s Bound<'_, PyAny>) -> Option<&'s str> {
    object.cast::<PyString>().ok()?.to_str().ok()
}

/// `secrets`; a list, as it is at this instant, and a sequence of another class become a tuple.
fn as_secrets<'a, 'py>(secrets: &'a Bound<'py, PyAny>) -> PyResult<Cow<'a, Bound<'py, PyAny>>> {
    if let Ok(list) = secrets.cast::<PyList>() {
        return Ok(Cow::Owned(list.to_tuple().into_any()));
    }
    let is_known = secrets.is_instance_of::<PyString>()
        || secrets.is_instance_of::<PyBytes>()
        || secrets.is_instance_of::<PyTuple>();
    if is_known { Ok(Cow::Borrowed(secrets)) } else { shared::as_secrets(secrets).map(Cow::Owned) }
}

/// The same, or `None` if a sequence of another class raises an `Exception`. `KeyboardInterrupt` and the like pass.
fn secrets_or_none<'a, 'py>(secrets: &'a Bound<'py, PyAny>) -> PyResult<Option<Cow<'a, Bound<'py, PyAny>>>> {
    match as_secrets(secrets) {
        Err(error) if error.is_instance_of::<PyException>(secrets.py()) => Ok(None),
        secrets => secrets.map(Some),
    }
}

/// Whether `accepts` returns true for one of the secrets. It gets each secret and its key, `None` for an unusable one.
fn any_key(secrets: &Bound<'_, PyAny>, mut accepts: impl FnMut(&[u8], Option<&Key>) -> bool) -> bool {
    let mut check = |secret: &Bound<'_, PyAny>| match octets(secret) {
        Some(secret) => keys::with_key(secret, |key| accepts(secret, key)),
        None => accepts(b"", None),
    };
    match secrets.cast::<PyTuple>() {
        Ok(tuple) => tuple.as_slice().iter().any(check),
        Err(_) => check(secrets),
    }
}

fn octets<'s>(secret: &'s Bound<'_, PyAny>) -> Option<&'s [u8]> {
    match secret.cast::<PyBytes>() {
        Ok(bytes) => Some(bytes.as_bytes()),
        Err(_) => utf8(secret).map(str::as_bytes),
    }
}
