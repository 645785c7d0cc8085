"""Data quality: what is missing or doubtful and what to do about it, files to import, and the connection to KAMAR.

A dean sees what is about their own students. Files and KAMAR are for those who hand the school's data in.
"""
