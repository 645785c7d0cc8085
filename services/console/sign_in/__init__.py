"""The pages of signing in and out, on top of `identity`.

A failure leads back to the sign-in page, which gives its reason in words.
"""
