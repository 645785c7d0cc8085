"""SQL of e-mails to staff: notices, movements and schedules of digests, choices, and the letters that copies quote."""
