"""The family's reply to a letter, by a link in it that holds once: without an account, and without a child's name before it is opened.

Letters ask for links here, and a page takes the answers. The answer's words stay here; that there is an answer is an event for the heart.
"""
