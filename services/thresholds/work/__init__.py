"""Work: what waits for a person at a school, worst first.

Open records without a response, support plans and meetings, rolls that nobody marked, absences that nobody has explained, and the school's
plan whose review comes up go in; one list with a sentence for each goes out, of the students whom the caller may see. Nothing is kept here:
an item goes away when its cause does.
"""
