"""The endpoints of templates: a school's own words, previews and trials."""
