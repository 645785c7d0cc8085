"""STAR records, and all that staff do with them: responses, holds, due days, decisions, and the history of each.

Crossings open and withdraw records; requests of staff change them. Events about records, responses and holds go out, without staff
names, notes or reasons (`announcements`).
"""
