"""Faults for minutes, beside marks, corrections, rosters, responses, uploads and subscriptions; then a checker reads the clients' logs."""
