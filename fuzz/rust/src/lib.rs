//! Fuzz targets of the core: its results are compared with other crates, or with simple implementations of the rules.

mod buckets;
mod csrf;
mod headers;
mod json;
mod secrets;
mod tokens;

/// A function that panics if a result is wrong, and the inputs that a fuzzer starts from.
pub struct Target {
    pub name: &'static str,
    pub compared_with: &'static str,
    pub check: fn(&[u8]),
    pub seeds: Vec<Vec<u8>>,
}

pub fn all() -> Vec<Target> {
    let target = |name, compared_with, check, seeds| Target { name, compared_with, check, seeds };
    vec![
        target("core_base64url", "the crate base64", tokens::check_base64url, tokens::base64url_seeds()),
        target("core_hs256", "the crates hmac and sha2", tokens::check_hs256, tokens::hs256_seeds()),
        target("core_claims", "serde_json; the rules for claims", tokens::check_claims, tokens::claims_seeds()),
        target("core_jws", "base64, hmac, serde_json; the rules for tokens", tokens::check_jws, tokens::jws_seeds()),
        target("core_json", "serde_json with the bounds of the contract", json::check, json::seeds()),
        target("core_secret", "the crate der; the rules for secrets", secrets::check, secrets::seeds()),
        target("core_header_name", "lowercase, compared", headers::check_name, headers::name_seeds()),
        target("core_cookies", "the rules for cookies", headers::check_cookies, headers::cookies_seeds()),
        target("core_credential", "the rules for bearer tokens", headers::check_bearer, headers::bearer_seeds()),
        target("core_csrf", "serde_json, base64 and hmac; equality", csrf::check_token, csrf::token_seeds()),
        target("core_origin", "the rules for origins", csrf::check_origin, csrf::origin_seeds()),
        target("core_query", "the crate percent-encoding", headers::check_query, headers::query_seeds()),
        target("core_buckets", "buckets that count tokens exactly", buckets::check, buckets::seeds()),
    ]
}

/// Byte strings of any length, as vectors.
macro_rules! bytes {
    ($($item:expr),* $(,)?) => { vec![$(<[u8]>::to_vec($item.as_ref())),*] };
}
pub(crate) use bytes;

/// The bytes of a fuzzer, read as fields and choices, as `Input` in `fuzz/target.py` does: fields are at the front, each
/// but the last ended by a record separator; choices are taken from the end, before the fields.
struct Input<'d>(&'d [u8]);

impl<'d> Input<'d> {
    fn byte(&mut self) -> u8 {
        let Some((&last, before)) = self.0.split_last() else { return 0 };
        self.0 = before;
        last
    }

    fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    fn choice<T: Copy>(&mut self, options: &[T]) -> T {
        options[usize::from(self.byte()) % options.len()]
    }

    fn bits(&mut self) -> u64 {
        (0..8).fold(0, |bits, _| bits << 8 | u64::from(self.byte()))
    }

    fn number(&mut self, least: u64, most: u64) -> u64 {
        least + self.bits() % (most - least + 1)
    }

    /// `N` fields; a missing field is empty.
    fn fields<const N: usize>(self) -> [&'d [u8]; N] {
        let mut parts = self.0.splitn(N, |&byte| byte == 0x1e);
        [(); N].map(|()| parts.next().unwrap_or_default())
    }
}
