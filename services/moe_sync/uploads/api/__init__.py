"""Uploads as people see them: lists, previews, runs by hand, files to carry, differences, certificates."""
