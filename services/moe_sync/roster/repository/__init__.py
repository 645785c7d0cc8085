"""SQL of schools (whose row is the lock on windows and uploads), of their choices, and of national student numbers."""
