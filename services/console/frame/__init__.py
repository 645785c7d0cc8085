"""The common ground of all pages: the router that declares their needs, layout, macros, style, words and dates, and refusals in words.

A page without declared needs can't be written: the router asks for them. Forms from another site are refused, and no page runs or fetches
anything that is not ours.
"""
