"""The demo's steps as shell lines."""

TEMPLATE = """\
# log in: the cookies are kept in cookies.txt, the token in TOKEN
TOKEN=$(curl -s -c cookies.txt BASE/login -H 'Content-Type: application/json' \\
  -d '{"username": "USERNAME", "password": "PASSWORD"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')

# the profile, as a browser asks for it, and as a program does
curl -w '\\n' -b cookies.txt BASE/profile
curl -w '\\n' -H "Authorization: Bearer $TOKEN" BASE/profile

# the admin page
curl -w '\\n' -b cookies.txt BASE/admin

# the rate limit: five searches a minute
for i in 1 2 3 4 5 6; do curl -s -o /dev/null -w '%{http_code} ' BASE/search; done; echo

# log out: without the CSRF token it is refused, with it the cookies go
curl -w '\\n' -b cookies.txt -c cookies.txt -X POST BASE/logout
curl -w '\\n' -b cookies.txt -c cookies.txt -X POST BASE/logout \\
  -H "X-CSRF-Token: $(awk '/csrf_token/ {print $7}' cookies.txt)"\
"""


def curl_lines(base_url, username, password):
    """The lines, for a server at *base_url*."""
    values = {"BASE": base_url, "USERNAME": username, "PASSWORD": password}
    lines = TEMPLATE
    for name, value in values.items():
        lines = lines.replace(name, value)
    return lines
