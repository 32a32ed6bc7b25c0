"""The same small application, written for fastware and for other frameworks as their documentation shows it.

Each module has these functions, or those of them that the framework has the parts for:

``without_auth()``
    ``GET /profile`` answers with a constant.
``with_bearer()``
    ``GET /profile`` answers with the name and role of the user whose token comes as ``Authorization: Bearer``.
``guarded()``
    ``POST /profile`` does so for the token in the cookie ``session``, behind CSRF protection and a rate limit that is
    never reached; it comes with a CSRF token that it accepts.
"""
