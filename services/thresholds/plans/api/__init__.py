"""Endpoints of the plan: reading its versions, drafting and publishing, and the public page and PDF."""
