"""`python -m deploy.docs_site FOLDER` builds the site. A link that leads nowhere fails it."""

import sys
from pathlib import Path

from deploy.docs_site.building import build

sys.exit(build(Path(sys.argv[1])))
