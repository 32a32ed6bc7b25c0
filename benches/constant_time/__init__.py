"""Whether a comparison of secrets takes as long wherever they differ. benches/README.md says how it is told."""
