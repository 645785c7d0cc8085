"""The door: it authenticates, checks and publishes what schools send. Every accepted mark is on the bus before the answer (promise 1).

Rooms from the top: kamar and imports, csv_import and oneroster, marks, students, schools, changes and tables. A room uses only the rooms
below it.
"""
