"""SQL of the contacts: schools and students, and the bad addresses among those of their caregivers."""
