"""`python -m deploy.dashboards` writes the JSON beside this file."""

from deploy.dashboards.boards import BOARDS
from deploy.dashboards.drawing import FOLDER, text_of

for board in BOARDS:
    (FOLDER / f"{board.name}.json").write_text(text_of(board), encoding="utf-8")
