"""The heart: absence totals by student and term, threshold crossings, STAR records, and what schools make of them.

Marks, schools and students come in as events; crossings, responses and plans go out as events, and everything can be read over REST.
The rooms stand on floors (`docs/explanation/architecture.md`); this folder has what every room uses: the settings, the state, common
request types.
"""
