"""`python -m skfake` is the command `skfake`."""

from skfake.cli import main

main()
