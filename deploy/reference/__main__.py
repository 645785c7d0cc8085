"""`python -m deploy.reference` writes the generated pages of the reference."""

from deploy.reference import events
from deploy.reference.settings import PAGE, page

PAGE.write_text(page(), encoding="utf-8")
events.write()
