"""What the served applications have in common."""

SECRET = "8fH2kQ0vYx7Lw3Zc9Nb5Tg1Ra6Ue4Pd-"
A_SECOND = 1_000_000
"""Calls a second that the rate limit lets pass: it counts each, and refuses none."""
