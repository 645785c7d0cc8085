"""Names as they are searched and put in order: without accents, macrons, capitals and apostrophes.

Revision ID: 0015
"""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Creates the function. It is applied to the few thousand names of one school at a time, so no column or index keeps its answers."""
    # Letters that no accent makes are spelled out. A hyphen parts words, an apostrophe or an okina does not.
    op.execute(
        r"""
        CREATE OR REPLACE FUNCTION folded(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT CASE WHEN octet_length(name) = length(name) THEN translate(lower(name), '-''`', ' ')
            ELSE replace(translate(lower(regexp_replace(normalize(name, NFKD), '[\u0300-\u036F]', '', 'g')),
                'ÆæØøŁłĐđÐðı-‐ʻʼ‘’''`', 'aaoollddddi  '), 'ß', 'ss')
            END
        $$
        """
    )


def downgrade() -> None:
    """Drops the function."""
    op.execute("DROP FUNCTION folded(text)")
