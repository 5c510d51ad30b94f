"""Sign-in through a company's identity provider: OpenID Connect, authorisation code with PKCE.

One issuer, which is written down; nothing that a token says can name another. An account is found by issuer
and subject, never by a name or a mail address.
"""
