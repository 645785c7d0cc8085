"""The documentation as a site: `python -m deploy.docs_site FOLDER`.

The pages of `docs/` and those that are generated from the code are gathered, and Sphinx makes one searchable site of them, which needs no
other host. `star run` serves it below `/docs/`.
"""
