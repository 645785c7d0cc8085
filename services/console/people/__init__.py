"""The person who is signed in, and what a page needs of a person.

A page says what it needs when its route is declared; the frame turns everybody else away. The APIs decide again about each question.
"""
