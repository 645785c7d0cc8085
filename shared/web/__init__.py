"""What the four APIs have in common: the app and its state, rights, problems, pages of lists, bodies with bounds, health, metrics."""
