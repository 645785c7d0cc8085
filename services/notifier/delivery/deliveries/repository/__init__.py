"""SQL of deliveries: their changes, a school's list of its letters, and the record of who looked at one."""
