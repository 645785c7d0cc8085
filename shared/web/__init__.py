"""The common parts of the four APIs: the app and its state, rights, problems, pages of lists, bodies with bounds, health, metrics."""
