"""nbgrader's settings of the formgrader alone; the course's own ``nbgrader_config.py`` is read after it."""

c = get_config()  # noqa: F821  # traitlets defines it in the namespace that it runs this file in

# It would print the whole configuration into a page, the gradebook's address with its password among it.
c.FormgradeExtension.debug = False
