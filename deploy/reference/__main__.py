"""`python -m deploy.reference` writes the generated pages of the reference."""

from deploy.reference import chart, events, kept, logs, metrics, problems, tables
from deploy.reference.settings import PAGE, SAMPLE, page, sample

PAGE.write_text(page(), encoding="utf-8")
SAMPLE.write_text(sample(), encoding="utf-8")
events.write()
kept.PAGE.write_text(kept.page(), encoding="utf-8")
logs.PAGE.write_text(logs.page(), encoding="utf-8")
metrics.PAGE.write_text(metrics.page(), encoding="utf-8")
chart.PAGE.write_text(chart.page(), encoding="utf-8")
problems.PAGE.write_text(problems.page(), encoding="utf-8")
tables.PAGE.write_text(tables.page(), encoding="utf-8")
