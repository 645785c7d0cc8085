"""The work on e-mails to staff: gathering a digest, and sending a notice."""
