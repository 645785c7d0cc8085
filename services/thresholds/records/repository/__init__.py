"""SQL about all that records hold of one student, or of a term; the SQL of each part stands in its folder."""
