"""`star import`: a CSV file through the REST API, in chunks, so that it can be stopped anywhere and carried on."""
