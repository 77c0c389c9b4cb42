//! Worked examples that the oracle itself is held against.
