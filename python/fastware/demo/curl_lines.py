"""The steps of the demo as shell commands."""

from __future__ import annotations

from typing import Final

_TEMPLATE: Final = """\
# 1. Log in: cookies.txt gets the cookies, TOKEN and CSRF get their values.
curl -s -o /dev/null -c cookies.txt BASE/login -H 'Content-Type: application/json' \\
  -d '{"username": "USERNAME", "password": "PASSWORD"}'
TOKEN=$(awk '$6 == "session" {print $7}' cookies.txt)
CSRF=$(awk '$6 == "csrf_token" {print $7}' cookies.txt)

# 2. What is protected: a profile, a page for admins, five searches a minute, a transfer.
curl -w '\\n' -b cookies.txt BASE/profile
curl -w '\\n' -b cookies.txt BASE/admin
for i in 1 2 3 4 5 6; do curl -s -o /dev/null -w '%{http_code} ' BASE/search; done; echo
curl -w '\\n' -b cookies.txt -H "X-CSRF-Token: $CSRF" -d 'to=bob&amount=10' BASE/transfer

# 3. Attack it. A forged request, with the headers that a browser adds on another origin:
curl -w '\\n' -b cookies.txt -H 'Sec-Fetch-Site: same-site' -H 'Origin: ATTACKER' \\
  -d "to=mallory&amount=500&csrf_token=$CSRF" BASE/transfer
# too many guesses:
for i in 1 2 3 4 5 6; do curl -s -o /dev/null -w '%{http_code} ' BASE/login \\
  -H 'Content-Type: application/json' -d '{"username": "carol", "password": "guess"}'; done; echo
# a token that expires after three seconds:
BRIEF=$(curl -s -b cookies.txt -H "X-CSRF-Token: $CSRF" -X POST BASE/brief-token \\
  | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')
sleep 4; curl -w '\\n' -H "Authorization: Bearer $BRIEF" BASE/profile
# a stolen cookie after the logout:
curl -w '\\n' -b cookies.txt -H "X-CSRF-Token: $CSRF" -X POST BASE/logout
curl -w '\\n' -b "session=$TOKEN" BASE/profile\
"""


def curl_lines(base_url: str, attacker_url: str, username: str, password: str) -> str:
    """Return the commands for the server at *base_url*."""
    values = {"BASE": base_url, "ATTACKER": attacker_url, "USERNAME": username, "PASSWORD": password}
    lines = _TEMPLATE
    for name, value in values.items():
        lines = lines.replace(name, value)
    return lines
