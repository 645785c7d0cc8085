"""The bus for one machine without a broker: append-only logs in PostgreSQL, with offsets per group, woken by NOTIFY."""
