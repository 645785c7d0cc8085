"""`python -m deploy.cli` is the `star` command."""

from deploy.cli.main import main

main(prog_name="star")
