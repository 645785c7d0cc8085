"""SQL of recalculations and of the day ends on the worklist."""
