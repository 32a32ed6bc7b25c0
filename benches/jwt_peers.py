"""How other libraries sign and verify a token, as their documentation shows it; the secret is a ``str``.

Keys that a library lets its user keep are made once. ``sign`` takes a username and a role; ``verify`` is a call whose
refusals are exceptions.
"""

import time
from importlib import import_module

from .call import call
from .tokens import LIFETIME, SECRET

_ALGORITHMS = ["HS256"]


def _claims(username, role):
    now = int(time.time())
    return {"sub": username, "role": role, "iat": now, "exp": now + LIFETIME}


class PyJWT:
    """PyJWT, and what has the same functions under another name."""

    def __init__(self, module_name="jwt"):
        self._module_name = module_name

    def sign(self, username, role):
        encode = import_module(self._module_name).encode

        def create(username, role):
            return encode(_claims(username, role), SECRET, algorithm="HS256")

        return call(create, username, role)

    def verify(self, token):
        module = import_module(self._module_name)
        return call(module.decode, token, SECRET, _ALGORITHMS, refusal=module.PyJWTError)


class RyJWT:
    @staticmethod
    def sign(username, role):
        import ryjwt

        key = ryjwt.SecretKey(SECRET, algorithms=_ALGORITHMS)

        def create(username, role):
            return key.encode(_claims(username, role))

        return call(create, username, role)

    @staticmethod
    def sign_ready_claims(username, role):
        import ryjwt

        key = ryjwt.SecretKey(SECRET, algorithms=_ALGORITHMS)
        return call(key.encode, _claims(username, role))

    @staticmethod
    def verify(token):
        import ryjwt

        key = ryjwt.SecretKey(SECRET, algorithms=_ALGORITHMS)
        return call(key.decode, token, refusal=ryjwt.RYJWTError)


class Joserfc:
    @staticmethod
    def sign(username, role):
        from joserfc import jwt
        from joserfc.jwk import OctKey

        key = OctKey.import_key(SECRET)

        def create(username, role):
            return jwt.encode({"alg": "HS256"}, _claims(username, role), key)

        return call(create, username, role)

    @staticmethod
    def verify(token):
        from joserfc import errors, jwt
        from joserfc.jwk import OctKey

        key = OctKey.import_key(SECRET)
        registry = jwt.JWTClaimsRegistry()

        def verify(token):
            claims = jwt.decode(token, key, _ALGORITHMS).claims
            registry.validate(claims)
            return claims

        return call(verify, token, refusal=errors.JoseError)


class PythonJose:
    @staticmethod
    def sign(username, role):
        from jose import jwt

        def create(username, role):
            return jwt.encode(_claims(username, role), SECRET, algorithm="HS256")

        return call(create, username, role)

    @staticmethod
    def verify(token):
        from jose import jwt
        from jose.exceptions import JOSEError

        return call(jwt.decode, token, SECRET, _ALGORITHMS, refusal=JOSEError)


BY_NAME = {
    "PyJWT": PyJWT(),
    "joserfc": Joserfc,
    "python-jose": PythonJose,
    "oxyjwt": PyJWT("oxyjwt"),
    "ryjwt": RyJWT,
}
