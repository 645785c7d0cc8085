"""SQL of windows and of the scheduler's lease."""
