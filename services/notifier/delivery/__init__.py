"""The way of a letter from its last word to the yes or no of a mail server or text gateway, and back.

Parcels come in from letters, trials and staff mail; attempts, outcomes and bounces are kept. `transports` sends, `deliveries` tries until
a letter is sent or given up, `bounces` reads reports of letters that came back. Decision 15 has the reasons,
`docs/how-to/deliver-letters.md` the table of answers.
"""
