"""The pages: a folder each, with its routes, its view and its template.

A page knows no other page but by its address. `view.py` is pure: what the APIs answered becomes what the template shows.
"""
