//! Seeds and regressions, replayed without a fuzzer.

use std::fs;
use std::path::Path;

use core_fuzz::targets::ALL;

#[test]
fn every_input_that_is_kept_has_its_right_answer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (name, check) in ALL {
        let inputs: Vec<_> = ["seeds", "regressions"]
            .iter()
            .filter_map(|kind| fs::read_dir(folder.join(kind).join(name)).ok())
            .flat_map(|entries| entries.map(|entry| entry.expect("an entry").path()))
            .collect();
        assert!(!inputs.is_empty(), "{name} has no seeds");
        for input in inputs {
            let data = fs::read(&input).expect("a file");
            assert!(std::panic::catch_unwind(|| check(&data)).is_ok(), "{}", input.display());
        }
    }
}
