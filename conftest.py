"""Fixtures for every test of the repository: real servers, see devstack/src/devstack/testing.py."""

pytest_plugins = ["devstack.testing", "devstack.gateway_testing", "devstack.replica.fixtures"]
