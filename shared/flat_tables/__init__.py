"""Flat tables for spreadsheets and BI tools: their columns, the files they are written as, and the answer of an operation.

Each service has the tables of what it keeps, in its room `flat_tables`. See docs/reference/tables.md, which is written from their columns.
"""
