"""The same rolls through the engine and through other ways to build it: what a mark costs in each."""
