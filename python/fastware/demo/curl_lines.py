"""The steps of the demo as shell commands."""

from __future__ import annotations

from typing import Final

_TEMPLATE: Final = """\
# log in: save the cookies in cookies.txt and the token in TOKEN
TOKEN=$(curl -s -c cookies.txt BASE/login -H 'Content-Type: application/json' \\
  -d '{"username": "USERNAME", "password": "PASSWORD"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')

# read the profile: with the cookies, as a browser does, then with the token, as a program does
curl -w '\\n' -b cookies.txt BASE/profile
curl -w '\\n' -H "Authorization: Bearer $TOKEN" BASE/profile

# open the admin page
curl -w '\\n' -b cookies.txt BASE/admin

# reach the rate limit of five searches a minute
for i in 1 2 3 4 5 6; do curl -s -o /dev/null -w '%{http_code} ' BASE/search; done; echo

# log out: without the CSRF token the request is rejected, with it the cookies are deleted
curl -w '\\n' -b cookies.txt -c cookies.txt -X POST BASE/logout
curl -w '\\n' -b cookies.txt -c cookies.txt -X POST BASE/logout \\
  -H "X-CSRF-Token: $(awk '/csrf_token/ {print $7}' cookies.txt)"

# the token has ended, too
curl -w '\\n' -H "Authorization: Bearer $TOKEN" BASE/profile\
"""


def curl_lines(base_url: str, username: str, password: str) -> str:
    """Return the commands for the server at *base_url*."""
    values = {"BASE": base_url, "USERNAME": username, "PASSWORD": password}
    lines = _TEMPLATE
    for name, value in values.items():
        lines = lines.replace(name, value)
    return lines
