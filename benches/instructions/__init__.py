"""Machine instructions of the engines' calls, counted by callgrind. docs/instructions.md says how to read them."""
