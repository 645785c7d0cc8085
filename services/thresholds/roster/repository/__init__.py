"""SQL of the roster: schools and their locks, students and the lists of them."""
