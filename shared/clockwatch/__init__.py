"""A clock that is weeks ahead of all that a service has seen is doubted, until it has stood for a while or a person has believed it.

Each service keeps the latest time that its workers have seen. Where the clock jumps far past it, at a start or while a worker runs, nothing
is done that can't be taken back: no letter is sent, no week is closed, nothing is deleted. Marks are folded all the same. A machine that
was off over the holidays is such a case, too: it goes on after an hour, or at once after `star clock accept`.
"""
