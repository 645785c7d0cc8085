"""A school's students in a list and in numbers: found by name, by tier, by what moves; each with the last ten days at a glance."""
