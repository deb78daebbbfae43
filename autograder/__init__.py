"""Autograder for a machine-learning course: nbgrader notebooks, hidden pytest suites, confined student code.

This file is also visible inside the sandbox: it imports nothing.
"""

__version__ = "0.1.0"
