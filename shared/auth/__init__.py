"""Bearer tokens: they are verified, and become a principal with scopes, schools and a role.

Tokens come from an OIDC issuer, or are signed with the key in the data folder. No token or key is ever logged.
"""
