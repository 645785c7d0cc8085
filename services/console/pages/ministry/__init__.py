"""The Ministry's side: the weeks with what was sent and what came back, rejected items, the upload that would go now, and how uploads go.

All that is read is asked of the upload's service; a student's name comes from the records of the thresholds' service, as this person sees
them.
"""
