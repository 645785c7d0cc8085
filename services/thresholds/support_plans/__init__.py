"""Support plans of students: barriers, goals, actions and reviews, agreed with the family, with every version and a page to sign.

Reviews come due by themselves, and actions by their days (`services/thresholds/work`). A plan shows the absences before and since it was
agreed, and says what they can't show.
"""
