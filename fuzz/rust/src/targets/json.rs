use fastware_core::json::{self, Tree};

use crate::reference;

pub fn check(data: &[u8]) {
    let mut told = Vec::new();
    let read = json::read_object(data, &mut Tree, |name, _| told.push(name.to_vec()));
    let expected = reference::json::read_object(data);
    // As they are shown, -0.0 is not 0.0.
    assert_eq!(format!("{read:?}"), format!("{expected:?}"));
    if let Some(members) = expected {
        assert_eq!(told, members.iter().map(|(name, _)| name.as_bytes().to_vec()).collect::<Vec<_>>());
    }
}
