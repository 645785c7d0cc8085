"""The history of each record: every step, with the fields that changed. The table refuses every change."""
