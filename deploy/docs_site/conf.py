"""Sphinx' configuration of the site."""

from pathlib import Path

from shared.version import VERSION

project = "STAR engine"
version = release = VERSION
html_title = f"STAR engine {VERSION}"
language = "en"

extensions = ["myst_parser", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["reference/schemas/**"]

myst_heading_anchors = 3
# The fences of pictures drawn in text have names that highlight nothing.
suppress_warnings = ["misc.highlighting_failure", "myst.header"]

html_theme = "furo"
html_favicon = "../../services/console/frame/static/icon.svg"
html_theme_options: dict[str, object] = {"footer_icons": [], "top_of_page_buttons": []}
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
# Sphinx looks for it from the folder that it runs in.
html_search_scorer = str(Path(__file__).with_name("ranking.js"))
