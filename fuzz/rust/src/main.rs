//! libFuzzer on the target that the environment variable `CORE_FUZZ_TARGET` names.

#![no_main]

use std::sync::OnceLock;

use core_fuzz::targets::{self, Check};

static CHECK: OnceLock<Check> = OnceLock::new();

fn chosen() -> Check {
    let name = std::env::var("CORE_FUZZ_TARGET").unwrap_or_default();
    targets::find(&name).unwrap_or_else(|| panic!("CORE_FUZZ_TARGET is {name:?}, which is no target"))
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| CHECK.get_or_init(chosen)(data));
