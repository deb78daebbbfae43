"""The course as nbgrader sees it: notebooks read, put in canonical form, made harmless, graded, released."""
