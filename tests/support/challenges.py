"""The status, detail and headers of the errors of ``get_current_user`` and ``require_role`` (RFC 6750 section 3)."""

REALM = 'Bearer realm="api"'
INVALID_TOKEN = f'{REALM}, error="invalid_token", error_description="The token is invalid or expired"'
INSUFFICIENT_SCOPE = f'{REALM}, error="insufficient_scope"'

MISSING = (401, "Not authenticated", {"WWW-Authenticate": REALM})
INVALID = (401, "Invalid or expired token", {"WWW-Authenticate": INVALID_TOKEN})


def forbidden(roles):
    return 403, f"Requires role: {roles}", {"WWW-Authenticate": INSUFFICIENT_SCOPE}
