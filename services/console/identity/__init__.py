"""The sources that a sign-in believes: the OIDC issuer, or one-time links signed with the local key. Every failure has its sentence.

With an issuer: the authorization-code flow with PKCE, state and nonce, renewed with the refresh token, and a way out that ends the issuer's
session too. Without: a link, good once and for ten minutes.
"""
