use fastware_core::{fitness, keys};

use crate::reference;

pub fn check(data: &[u8]) {
    let is_fit = reference::fitness::is_fit(data);
    assert_eq!(fitness::is_fit(data), is_fit);
    assert_eq!(keys::with_key(data, |key| key.is_some()), is_fit);
}
