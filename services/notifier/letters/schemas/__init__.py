"""The shapes that the endpoints of letters take and answer."""
