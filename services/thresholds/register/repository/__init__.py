"""SQL of the register: its rows, and the corrections of marks."""
