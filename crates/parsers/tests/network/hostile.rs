//! Large documents take linear time.

use crate::fixtures;
use crate::support::hostile::takes_linear_time;
use crate::support::read;

#[test]
fn large_documents_take_linear_time() {
    for (name, bytes) in fixtures().into_iter().filter(|(name, bytes)| !name.ends_with(".json") && bytes.len() > 200) {
        takes_linear_time(&name, &bytes, |document| read(&name, document.bytes).1);
    }
}
