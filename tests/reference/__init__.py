"""One independent implementation of each rule of docs/behavior.md that is more than a table of cases.

They are simple rather than fast: plain loops, exact fractions, no tricks. None of them imports fastware. The tests
and the fuzz targets compare both engines with them::

    from tests.reference import headers

    assert engine.cookies(given) == headers.cookies(given)

============== =======================================================================
buckets        token buckets, counted in exact fractions
form           the fields of forms and query strings
headers        header, cookies, credential and the CSRF verdict of a request
identity       who makes a request
json_text      the JSON of tokens and of request bodies
rates          the rate of a rate limit
routing        paths of routes, and the route of a request
secrets        usable secrets, and examples of unusable ones
set_cookie     ``Set-Cookie`` values
tokens         PyJWT, and the rules by which fastware is stricter
user_file      the bytes of a JSON user file
============== =======================================================================
"""
