"""Count machine instructions, which do not vary as times do, and compare them with a baseline."""
