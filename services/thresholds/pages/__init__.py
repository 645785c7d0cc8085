"""Pages for people: the house's style, masthead and PDF setting.

Other rooms give a template and plain data, and get an HTML page without scripts or a tagged PDF (PDF/UA-1). See decision 12.
"""
