use fastware_core::base64url;

use crate::reference;

pub fn check(data: &[u8]) {
    let expected = reference::base64url::decode(data);
    assert_eq!(base64url::decode(data), expected);
    assert_eq!(base64url::with_decoded(data, |bytes| Some(bytes.to_vec())), expected);
    assert_eq!(
        base64url::decode_array::<32>(data).map(Vec::from),
        expected.filter(|bytes| bytes.len() == 32),
        "an array of 32"
    );
    let mut segment = vec![0; base64url::encoded_length(data.len())];
    base64url::encode(data, &mut segment);
    assert_eq!(segment, reference::base64url::encode(data));
    assert!(data.is_empty() || base64url::is_spelled(&segment));
}
