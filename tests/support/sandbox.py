"""The package on one engine, and marked secrets to call it with."""

import functools
import time
from pathlib import Path

import bcrypt
import engines
import failing_app
import raw_tokens
import user_files
from asgi_client import call, scope
from marks import Marks, new_mark


class Sandbox:
    """A copy of the package, a folder, and one secret of each kind. ``marks`` finds the secrets in any output."""

    def __init__(self, engine_name, folder):
        self.fastware = engines.load(engine_name)
        self.auth = self.fastware.auth
        self.engine = engines.engine(engine_name)
        self.folder = Path(folder)
        self.marks = Marks()
        self.password = "pa55 " + self.marks.add("password", new_mark())
        self.secret = "sign-" + self.marks.add("secret", new_mark(40))
        self.csrf = self.marks.add("CSRF token", new_mark(32))
        self.hash = bcrypt.hashpw(self.password.encode(), bcrypt.gensalt(4)).decode("ascii")
        self.marks.add("password hash", self.hash[7:])
        self.token = self.sign()
        self.forged = self.sign(key="another secret, of 32 bytes or more")

    @property
    def settings(self):
        return self.auth.Auth([self.secret], audience="app", issuer="me", leeway=1)

    def sign(self, *, key=None, **claims):
        """Return a token with a marked claim, valid for an hour."""
        jti = self.marks.add("token", new_mark(30))
        claims = {"sub": "ada", "role": "user", "exp": int(time.time()) + 3600, "jti": jti, **claims}
        token = raw_tokens.sign_claims(claims, secret=key or self.secret)
        self.marks.add("signature", token.rpartition(".")[2])
        return token

    def fill(self, body):
        """Return *body* with the password in place of ``%s``."""
        return body.replace(b"%s", self.password.encode())

    # Headers

    @property
    def bearer(self):
        return [("authorization", f"Bearer {self.token}")]

    @property
    def session(self):
        return [("cookie", f"session={self.token}; csrf_token={self.csrf}")]

    @property
    def forged_bearer(self):
        return [("authorization", f"Bearer {self.forged}"), *self.session]

    @property
    def forged_session(self):
        return [("cookie", f"session={self.forged}; csrf_token={self.csrf}")]

    @property
    def csrf_mismatch(self):
        return [*self.session, ("x-csrf-token", self.csrf[::-1])]

    # Objects to call

    def module(self, name):
        """Return the module ``fastware.<name>`` of this copy of the package."""
        return functools.reduce(getattr, name.split("."), self.fastware)

    def user(self, **fields):
        return user_files.user("ada", password_hash=self.hash, **fields)

    def file_store(self, content=None):
        """Return a store whose file holds *content*, or one user."""
        store = self.auth.JSONFileUserStore(self.folder / "users.json")
        if content is None:
            store.save_users([self.user()])
        else:
            store.path.write_bytes(content)
        return store

    def memory_store(self):
        """Return a store in memory with one user."""
        return user_files.memory_store_class(self.auth)([self.user()])

    def request(self, body=b"", *, headers=None, query=None, state=None):
        """Return a request with an invalid token in every place. ``%s`` in *body* is the password."""
        headers = self.forged_bearer if headers is None else headers
        query = f"token={self.forged}" if query is None else query
        state = {"config": {"jwt_secret": self.secret}} if state is None else state
        return self.fastware.Request(scope("POST", headers=headers, query=query, state=state), self.fill(body))

    def form(self, body):
        return self.request(body, headers=[("content-type", "application/x-www-form-urlencoded")]).form

    def app(self, handler=failing_app.fail, *, deps=None, path="/", **options):
        """Return an application with one handler."""
        router = self.fastware.Router()
        router.get(path, deps=deps)(handler)
        return self.fastware.create_app(router, **options)

    def write_files(self):
        """Write the files of the failing application."""
        damaged = self.file_store().path.read_bytes()[:-20]
        (self.folder / "damaged.json").write_bytes(damaged)

    def send(self, name, *, secret=None, middleware=(), **options):
        """Send the request *name* of the failing application, and return the response."""
        _, method, path, headers, body = failing_app.REQUESTS[name]
        self.write_files()
        config = {"jwt_secret": self.secret if secret is None else secret}
        app = failing_app.create(self.fastware, self.folder, config, middleware)
        options = {"headers": headers(self), "body": self.fill(body), "query": f"token={self.forged}", **options}
        return call(app, method, path, state={"config": config}, **options)
