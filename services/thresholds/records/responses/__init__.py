"""Responses: what the school did about a record. `recordable` has the rules for recording one."""
