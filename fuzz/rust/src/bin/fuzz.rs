//! libFuzzer on the target that the environment variable `CORE_FUZZ_TARGET` names.

#![no_main]

use std::sync::OnceLock;

static CHECK: OnceLock<fn(&[u8])> = OnceLock::new();

fn chosen() -> fn(&[u8]) {
    let name = std::env::var("CORE_FUZZ_TARGET").unwrap_or_default();
    let target = core_fuzz::all().into_iter().find(|target| target.name == name);
    target.unwrap_or_else(|| panic!("CORE_FUZZ_TARGET is {name:?}, which is not a target")).check
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| CHECK.get_or_init(chosen)(data));
