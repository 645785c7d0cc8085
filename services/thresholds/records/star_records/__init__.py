"""STAR records: listed, shown, decided about, and opened by hand. `record` is the record as data, `decisions` the rules of a change."""
