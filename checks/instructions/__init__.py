"""Count machine instructions, which vary less than times, and compare them with a baseline."""
