"""The command line: ``autograder doctor | new | sync | audit | release | grade | show``."""
