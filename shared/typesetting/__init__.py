"""PDFs for people, set by Typst from templates of a service.

In: a template below the service's folder, values as data, and the document's date. Out: the bytes of a PDF that screen readers can read.
"""
