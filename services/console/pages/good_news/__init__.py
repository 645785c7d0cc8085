"""Good news of the person's own students: terms without absence with their certificates, and days back at school after a step."""
