"""Holds: a staff member's pause on a student's letters. Counting goes on, and records open all the same."""
