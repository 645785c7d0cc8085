"""`star conform`: a proving ground for the makers of student management systems.

A made-up school waits for the maker's system. Each case says what to do there, what the engine should then hold and by which rule; the
report compares that with what it holds (docs/how-to/prove-your-system.md).
"""
