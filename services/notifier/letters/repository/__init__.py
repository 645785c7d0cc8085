"""SQL of letters: cases with their crossings, the letters themselves, policies, holds and releases."""
