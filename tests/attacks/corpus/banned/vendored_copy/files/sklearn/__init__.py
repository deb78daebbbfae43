"""A copy of the few lines of a banned package that are needed."""
