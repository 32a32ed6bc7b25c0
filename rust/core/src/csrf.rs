//! The check of a request against cross-site request forgery: `CSRFCheck` in the engine contract.

use constant_time_eq::constant_time_eq;

use crate::hs256::Key;
use crate::origin::Origin;
use crate::{credential, csrf_tokens, trim};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Verdict {
    Passed = 0,
    Missing = 1,
    Mismatch = 2,
    CrossSite = 3,
    Origin = 4,
    NullOrigin = 5,
    Form = 6,
    WrongSession = 7,
}

/// The headers of a request that count: the first of each name.
#[derive(Clone, Copy, Default)]
pub struct Request<'r> {
    pub authorization: Option<&'r [u8]>,
    pub sec_fetch_site: Option<&'r [u8]>,
    pub origin: Option<&'r [u8]>,
    pub host: Option<&'r [u8]>,
    pub x_csrf_token: Option<&'r [u8]>,
    pub cookies: Cookies<'r>,
}

/// The values of the two cookies, empty if there is none.
#[derive(Clone, Copy, Default)]
pub struct Cookies<'r> {
    pub session: &'r [u8],
    pub csrf: &'r [u8],
}

pub struct Check {
    pub checks_origin: bool,
    /// In lowercase, without default ports.
    pub trusted_origins: Vec<Box<[u8]>>,
    /// The keys of signed tokens.
    pub keys: Vec<Key>,
    pub reads_form: bool,
}

impl Check {
    pub fn verdict(&self, request: &Request<'_>, needs_token: bool) -> Verdict {
        let token = request.authorization.and_then(credential::bearer);
        if token.is_some_and(credential::is_b64token) || (!needs_token && request.cookies.session.is_empty()) {
            return Verdict::Passed;
        }
        if self.checks_origin {
            let verdict = self.verdict_on_origin(request);
            if verdict != Verdict::Passed {
                return verdict;
            }
        }
        if !needs_token {
            return Verdict::Passed;
        }
        match request.x_csrf_token.map_or(&b""[..], trim) {
            b"" if self.reads_form => Verdict::Form,
            submitted => self.verdict_on_token(submitted, &request.cookies),
        }
    }

    /// `submitted` comes from the header, or from a form.
    pub fn verdict_on_token(&self, submitted: &[u8], cookies: &Cookies<'_>) -> Verdict {
        if submitted.is_empty() {
            return Verdict::Missing;
        }
        if !self.keys.is_empty() && !cookies.session.is_empty() {
            let is_signed = csrf_tokens::verifies(submitted, cookies.session, &self.keys);
            return if is_signed { Verdict::Passed } else { Verdict::WrongSession };
        }
        if cookies.csrf.is_empty() {
            return Verdict::Missing;
        }
        // In constant time for a given length.
        if constant_time_eq(cookies.csrf, submitted) { Verdict::Passed } else { Verdict::Mismatch }
    }

    /// What the browser tells about the origin (W3C Fetch Metadata; RFC 6454).
    fn verdict_on_origin(&self, request: &Request<'_>) -> Verdict {
        let site = request.sec_fetch_site.map(trim);
        if matches!(site, Some(b"same-origin" | b"none")) {
            return Verdict::Passed;
        }
        let Some(text) = request.origin.map(trim) else {
            return if site.is_none() { Verdict::Passed } else { Verdict::CrossSite };
        };
        let origin = Origin::new(text);
        if origin.as_ref().is_some_and(|origin| self.trusted_origins.iter().any(|trusted| origin.is(trusted))) {
            return Verdict::Passed;
        }
        if site.is_some() {
            return Verdict::CrossSite;
        }
        match origin {
            Some(origin) if origin.is_host(request.host.map_or(b"", trim)) => Verdict::Passed,
            None if text == b"null" => Verdict::NullOrigin,
            _ => Verdict::Origin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check() -> Check {
        let trusted_origins = vec![b"https://app.example.org"[..].into()];
        Check { checks_origin: true, trusted_origins, keys: Vec::new(), reads_form: false }
    }

    fn double_submit(submitted: &[u8], csrf: &[u8]) -> Verdict {
        check().verdict_on_token(submitted, &Cookies { session: b"s", csrf })
    }

    #[test]
    fn both_tokens_are_required_and_must_be_equal() {
        assert_eq!(double_submit(b"\xffx", b"\xffx"), Verdict::Passed);
        assert_eq!(double_submit(b"x", b"y"), Verdict::Mismatch);
        assert_eq!(double_submit(b"x", b"xx"), Verdict::Mismatch);
        assert_eq!(double_submit(b"", b""), Verdict::Missing);
        assert_eq!(double_submit(b"x", b""), Verdict::Missing);
        assert_eq!(double_submit(b"", b"x"), Verdict::Missing);
    }

    #[test]
    fn keys_need_a_signed_token_of_a_session() {
        let check = Check { keys: vec![Key::new(b"key")], ..check() };
        let cookies = Cookies { session: b"s", csrf: b"x" };
        assert_eq!(check.verdict_on_token(b"x", &cookies), Verdict::WrongSession);
        assert_eq!(check.verdict_on_token(b"x", &Cookies { session: b"", csrf: b"x" }), Verdict::Passed);
    }

    #[test]
    fn steps_have_their_order() {
        let cookies = Cookies { session: b"s", csrf: b"x" };
        let request = Request { x_csrf_token: Some(b" x"), host: Some(b"a"), cookies, ..Request::default() };
        assert_eq!(check().verdict(&request, true), Verdict::Passed);
        let crossing = Request { sec_fetch_site: Some(b"cross-site"), ..request };
        assert_eq!(check().verdict(&crossing, true), Verdict::CrossSite);
        assert_eq!(check().verdict(&crossing, false), Verdict::CrossSite);
        assert_eq!(check().verdict(&Request { cookies: Cookies::default(), ..crossing }, false), Verdict::Passed);
        assert_eq!(check().verdict(&Request { authorization: Some(b"Bearer x"), ..crossing }, true), Verdict::Passed);
        let trusted = Request { origin: Some(b"https://APP.example.org:443"), ..crossing };
        assert_eq!(check().verdict(&trusted, true), Verdict::Passed);
        for (origin, expected) in [
            ("http://a", Verdict::Passed),
            ("null", Verdict::NullOrigin),
            ("", Verdict::Origin),
            ("x://b", Verdict::Origin),
        ] {
            let request = Request { origin: Some(origin.as_bytes()), ..request };
            assert_eq!(check().verdict(&request, true), expected, "{origin}");
        }
        let with_form = Check { reads_form: true, ..check() };
        assert_eq!(with_form.verdict(&Request { x_csrf_token: None, ..request }, true), Verdict::Form);
        assert_eq!(check().verdict(&Request { x_csrf_token: None, ..request }, true), Verdict::Missing);
    }
}
