//! Seeds and regressions, replayed without a fuzzer.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

#[test]
fn seeds_and_regressions_pass() {
    let regressions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../regressions");
    for target in core_fuzz::all() {
        let found = fs::read_dir(regressions.join(target.name)).into_iter().flatten();
        let found = found.map(|entry| fs::read(entry.expect("an entry").path()).expect("a file"));
        for data in target.seeds.iter().cloned().chain(found) {
            assert!(catch_unwind(|| (target.check)(&data)).is_ok(), "{}: {:?}", target.name, data.escape_ascii());
        }
    }
}
