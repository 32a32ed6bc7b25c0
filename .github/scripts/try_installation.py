"""Use the installed fastware: sign and verify a token, hash and verify a password.

usage: python -I try_installation.py ENGINE
"""

import sys

import fastware
from fastware.auth import ENGINE, create_token, hash_password, verify_password, verify_token

expected = sys.argv[1]
if expected != ENGINE:
    sys.exit(f"the engine is {ENGINE!r}, not {expected!r}")

secret = "a secret of at least thirty-two bytes"
token = create_token("ada", "admin", secret)
if (verify_token(token, secret) or {}).get("sub") != "ada":
    sys.exit("a token that was just signed is invalid")
if verify_token(token[:-2], secret) is not None:
    sys.exit("a truncated token is valid")

if not verify_password("correct horse", hash_password("correct horse", cost=4)):
    sys.exit("a password does not verify against its own hash")

print("fastware", fastware.__version__, "on CPython", sys.version.split()[0], "with the engine", ENGINE)
