"""SQL of templates: their versions, trials, and the counts for previews."""
