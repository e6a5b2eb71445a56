"""`python -m devstack`: what ./mt becomes when the Python side is ready."""

from devstack.cli import main

main()
