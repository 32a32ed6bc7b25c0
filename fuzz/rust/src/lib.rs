//! Targets that compare the core with other crates, or with rules written out slowly, for any bytes.

pub mod input;
mod reference;
pub mod targets;
