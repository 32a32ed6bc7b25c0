"""How other libraries sign and verify a token, as their documentation shows it.

The secret is a ``str``. If a library has key objects, the key is made once. ``sign`` takes a username and a role;
``verify`` is a call whose rejections are exceptions.
"""

import time
from importlib import import_module

from checks.samples import SECRET, claims_at

from benches.timing import call

_ALGORITHMS = ["HS256"]


def _claims(username, role):
    return claims_at(int(time.time())) | {"sub": username, "role": role}


class PyJWT:
    """PyJWT, and oxyjwt, which has the same functions."""

    def __init__(self, module_name="jwt"):
        self._module_name = module_name

    def sign(self, username, role):
        encode = import_module(self._module_name).encode

        def create(username, role):
            return encode(_claims(username, role), SECRET, algorithm="HS256")

        return call(create, username, role)

    def verify(self, token):
        module = import_module(self._module_name)
        return call(module.decode, token, SECRET, _ALGORITHMS, raises=module.PyJWTError)


class RyJWT:
    @staticmethod
    def _key():
        import ryjwt

        return ryjwt.SecretKey(SECRET, algorithms=_ALGORITHMS)

    def sign(self, username, role):
        encode = self._key().encode

        def create(username, role):
            return encode(_claims(username, role))

        return call(create, username, role)

    def sign_ready_claims(self, username, role):
        return call(self._key().encode, _claims(username, role))

    def verify(self, token):
        import ryjwt

        return call(self._key().decode, token, raises=ryjwt.RYJWTError)


class Joserfc:
    def sign(self, username, role):
        from joserfc import jwt
        from joserfc.jwk import OctKey

        key = OctKey.import_key(SECRET)

        def create(username, role):
            return jwt.encode({"alg": "HS256"}, _claims(username, role), key)

        return call(create, username, role)

    def verify(self, token):
        from joserfc import errors, jwt
        from joserfc.jwk import OctKey

        key, registry = OctKey.import_key(SECRET), jwt.JWTClaimsRegistry()

        def verify(token):
            claims = jwt.decode(token, key, _ALGORITHMS).claims
            registry.validate(claims)
            return claims

        return call(verify, token, raises=errors.JoseError)


class PythonJose:
    def sign(self, username, role):
        from jose import jwt

        def create(username, role):
            return jwt.encode(_claims(username, role), SECRET, algorithm="HS256")

        return call(create, username, role)

    def verify(self, token):
        from jose import jwt
        from jose.exceptions import JOSEError

        return call(jwt.decode, token, SECRET, _ALGORITHMS, raises=JOSEError)


JWT_PEERS = {
    "PyJWT": PyJWT(),
    "joserfc": Joserfc(),
    "python-jose": PythonJose(),
    "oxyjwt": PyJWT("oxyjwt"),
    "ryjwt": RyJWT(),
}
