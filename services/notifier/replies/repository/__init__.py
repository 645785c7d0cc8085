"""SQL of links, replies, and the words of the page."""
