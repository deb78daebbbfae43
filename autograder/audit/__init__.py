"""Proving a suite: what the reference, the stub, known right and wrong solutions and mutants of the reference earn.

operators   this field's mutations (an axis, a bias, a missing eps), beside those of the library cosmic-ray
mutants     the mutants of each exercise's reference solution, and the list of those that are right nevertheless
jobs        runs a suite on them in parallel worker processes
findings    what is wrong with a suite, by what everything earned
margins     how near the nearest right and the nearest wrong answer come to each tolerance
page        the HTML page
"""
