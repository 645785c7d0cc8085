"""The endpoints of letters: the school's policy, letters that wait for a person, and bad addresses."""
