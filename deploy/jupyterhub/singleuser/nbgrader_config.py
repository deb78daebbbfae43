"""nbgrader in a user's own server: where the course's exchange lies, and under which name the user hands in."""

import os

c = get_config()  # noqa: F821  # traitlets defines it in the namespace that it runs this file in

c.CourseDirectory.course_id = os.environ["AUTOGRADER_COURSE"]
c.Exchange.root = os.environ["AUTOGRADER_EXCHANGE"]

# nbgrader takes the name of the system user. Where all share one, as in the demonstration, it is the hub's name.
if os.environ.get("AUTOGRADER_SHARED_USER") == "1":
    c.CourseDirectory.student_id = os.environ["JUPYTERHUB_USER"]
