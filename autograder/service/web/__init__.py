"""The pages of the grading service: a student's own work, and the class for its instructors.

Runs in a process of its own, without torch and without the grader: it reads what the engine writes, and writes
nothing but orders. Every request is checked by hub identity and group (``access``), every text is escaped by the
templates.
"""
