"""The published attacks that a browser decides: each is a page with a script.

The verdicts are in docs/threat-model.md, in rows with the names that the attacks have here.
"""

from dataclasses import dataclass, field

# What the scripts use, besides the origins `app`, `sibling` and `other`, and `mallory`, the cookies of her own session.
# A page reports when its request is answered or blocked, in the `round` of the test.
HELPERS = """
  const report = () => fetch("/report/" + round, {method: "POST"});
  onmessage = report;
  // The last cookie of a name counts.
  const cookie = name =>
    document.cookie.split("; ").findLast(pair => pair.startsWith(name + "="))?.slice(name.length + 1);
  const csrf = () => cookie("__Host-csrf_token") || cookie("csrf_token");
  const plant = (pair, attributes = "Domain=fastware.test; Path=/") => {
    document.cookie = pair + "; " + attributes;
  };
  const send = (url, options) =>
    fetch(url, {method: "POST", credentials: "include", ...options}).catch(() => null).then(report);
  const connect = () => {
    const socket = new WebSocket(app.replace("http", "ws") + "/socket");
    socket.onmessage = socket.onclose = report;
  };
  const form = (url, fields, attributes = {}) => {
    const form = Object.assign(document.createElement("form"), {action: url, method: "POST", ...attributes});
    for (const [name, value] of Object.entries(fields)) {
      form.append(Object.assign(document.createElement("input"), {type: "hidden", name, value}));
    }
    document.body.append(form);
    form.submit();
  };
  const frame = attributes => {
    const frame = document.createElement("iframe");
    for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value);
    frame.style = "position: fixed; inset: 0; width: 100%; height: 100%; opacity: 0.01";
    document.body.append(frame);
  };
  const withoutReferrer = () => {
    document.head.append(Object.assign(document.createElement("meta"), {name: "referrer", content: "no-referrer"}));
  };
  const formOf = url => `<form method=POST action="${url}"></form><script>document.forms[0].submit()</` + "script>";
"""


@dataclass(frozen=True)
class Attack:
    """A page with a script, and the request that it is about."""

    page: str  # where the page is: a name of an origin
    script: str
    path: str | None = "/transfer"  # the attacked path; `None` if the attack sends no request itself
    scheme: str = "https"
    setup: dict[str, object] = field(default_factory=dict)  # changes of the Protection
    cookies: tuple[str, ...] = ()  # what the page sets by header: `{session}` and `{csrf}` are mallory's
    then: bool = False  # alice uses the application, and what comes of that is the verdict
    clicks: bool = False  # alice clicks into the middle of the frame


# Names that are not the prefix, and that a server might take for it: without a name, in lower case, after a space.
_LOOKALIKES = ["=__Host-", "__host-", "\u2000__Host-"]
OWN = 'send("/transfer", {headers: {"X-CSRF-Token": csrf()}})'
_PLANTED = 'plant("csrf_token=planted"); send(app + "/transfer", {headers: {"X-CSRF-Token": "planted"}})'
_FORM = 'form(app + "/transfer", {})'
_LOGIN = {"path": "/login", "then": True}
_CREDENTIALS = '{username: "mallory", password: "battery staple"}'
_JSON_CREDENTIALS = """{'{"username": "mallory", "password": "battery staple", "': '": ""}'}"""
_TOSS = 'plant("session=" + mallory.session, "{0}"); plant("csrf_token=" + mallory.csrf, "{0}"); report()'
_TOSSED = {"path": None, "then": True}
_TOSS_LOOKALIKES = """
  for (const prefix of %s) {
    plant(prefix + "session=" + mallory.session, "Secure; Domain=fastware.test; Path=/");
    plant(prefix + "csrf_token=" + mallory.csrf, "Secure; Domain=fastware.test; Path=/");
  }
  report();
"""
_REBOUND = f'plant("csrf_token=planted", "Path=/"); plant("__Host-csrf_token=planted", "Secure; Path=/"); {OWN}'
_SET = ("session={session}; Path=/; HttpOnly", "csrf_token={csrf}; Path=/")
_LAX_IS_OFF = {"samesite": "none", "secure": True}

ATTACKS = {
    # The application's own pages. They must keep working.
    "own page, header": Attack("app", OWN),
    "own page, form field": Attack("app", 'form("/transfer", {csrf_token: csrf()})'),
    "own page, multipart field": Attack(
        "app", 'form("/transfer", {csrf_token: csrf()}, {enctype: "multipart/form-data"})'
    ),
    "own page, WebSocket": Attack("app", "connect()", "/socket"),
    "own page, HTTP": Attack("app", OWN, scheme="http"),
    "own page, HTTP, `secure`": Attack("app", OWN, scheme="http", setup={"secure": True}),
    "own page, `secure`, `partitioned`": Attack("app", OWN, setup={"secure": True, "partitioned": True}),
    "own page, `http://localhost`, `secure`": Attack("localhost", OWN, scheme="http", setup={"secure": True}),
    "own page, `http://127.0.0.1`, `secure`": Attack("loopback", OWN, scheme="http", setup={"secure": True}),
    # Another site. `SameSite=lax` cookies do not travel.
    "form": Attack("other", _FORM),
    "form, `SameSite=none`": Attack("other", _FORM, setup=_LAX_IS_OFF),
    "WebSocket": Attack("other", "connect()", "/socket"),
    "WebSocket, `SameSite=none`": Attack("other", "connect()", "/socket", setup=_LAX_IS_OFF),
    "login CSRF": Attack("other", f'form(app + "/login", {_CREDENTIALS})', **_LOGIN),
    "login CSRF, JSON as `text/plain`": Attack(
        "other", f'form(app + "/login", {_JSON_CREDENTIALS}, {{enctype: "text/plain"}})', **_LOGIN
    ),
    "clickjacked form": Attack("other", 'frame({src: app + "/form"})', clicks=True),
    "clickjacked form, `SameSite=none`": Attack("other", 'frame({src: app + "/form"})', clicks=True, setup=_LAX_IS_OFF),
    # A sibling domain is the same site. The cookies travel.
    "form of a sibling": Attack("sibling", _FORM),
    "form of a sibling, HTTP": Attack("sibling", _FORM, scheme="http"),
    "JSON as `text/plain`": Attack(
        "sibling", 'send(app + "/transfer", {mode: "no-cors", body: JSON.stringify({amount: 1})})'
    ),
    "multipart": Attack("sibling", 'send(app + "/transfer", {mode: "no-cors", body: new FormData()})'),
    "WebSocket of a sibling": Attack("sibling", "connect()", "/socket"),
    "planted cookie": Attack("sibling", _PLANTED),
    "planted cookie, CORS": Attack("sibling", _PLANTED, setup={"allows_sibling": True}),
    "planted cookie, trusted sibling": Attack(
        "sibling", _PLANTED, setup={"allows_sibling": True, "trusts_sibling": True}
    ),
    "cookie tossing": Attack("sibling", _TOSS.format("Domain=fastware.test; Path=/"), **_TOSSED),
    "cookie tossing, longer path": Attack("sibling", _TOSS.format("Domain=fastware.test; Path=/transfer"), **_TOSSED),
    "cookie tossing, like `__Host-`": Attack("sibling", _TOSS_LOOKALIKES % _LOOKALIKES, **_TOSSED),
    "clickjacked form, sibling": Attack("sibling", 'frame({src: app + "/form"})', clicks=True),
    "clickjacked form, sibling, `frame-ancestors`": Attack(
        "sibling", 'frame({src: app + "/form"})', clicks=True, setup={"forbids_frames": True}
    ),
    # Requests whose Origin is `null`.
    "sandboxed frame": Attack(
        "sibling", 'frame({sandbox: "allow-scripts allow-forms", srcdoc: formOf(app + "/transfer")})'
    ),
    "sandboxed frame of the application": Attack(
        "sibling", 'frame({sandbox: "allow-scripts allow-forms", src: app + "/form"})', clicks=True
    ),
    "`data:` URL": Attack("sibling", 'frame({src: "data:text/html," + encodeURIComponent(formOf(app + "/transfer"))})'),
    "redirect": Attack("other", 'form(sibling + "/redirect?" + app + "/transfer", {})'),
    "no-referrer page": Attack("sibling", f"withoutReferrer(); {_FORM}"),
    "no-referrer page, HTTP": Attack("sibling", f"withoutReferrer(); {_FORM}", scheme="http"),
    # Methods.
    "`_method` in a form": Attack("sibling", 'form(app + "/transfer", {_method: "DELETE"})'),
    "`_method` in a link": Attack("other", 'location = app + "/transfer?_method=DELETE"'),
    "`_method` in a link, overridden inside": Attack(
        "other", 'location = app + "/transfer?_method=DELETE"', setup={"overrides": "inside"}
    ),
    "`_method` in a link, overridden outside": Attack(
        "other", 'location = app + "/transfer?_method=DELETE"', setup={"overrides": "outside"}
    ),
    "`X-HTTP-Method-Override`": Attack(
        "sibling", 'send(app + "/transfer", {method: "GET", headers: {"X-HTTP-Method-Override": "DELETE"}})'
    ),
    # A name of the attacker that resolves to the server.
    "DNS rebinding": Attack("rebound", _REBOUND),
    "DNS rebinding, allowed hosts": Attack("rebound", _REBOUND, setup={"allowed_hosts": ("app.fastware.test",)}),
    # Somebody in the network answers for the application over plain HTTP.
    "plain HTTP page of the host": Attack("plain", "report()", cookies=_SET, **_TOSSED),
    "plain HTTP page of the host, `secure`": Attack(
        "plain", "report()", cookies=_SET, setup={"secure": True}, **_TOSSED
    ),
}
