"""SQL of the data-quality report: students and marks, and the dead letters that other services report."""
