"""The command line: ``autograder doctor | sync | release | grade | show``."""
