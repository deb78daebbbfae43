"""nbgrader's configuration of this course: nbgrader's own commands and pages, with our judge in place of its kernel.

Everything named here lives in the installed package: nbgrader does not put this directory on the module path.
"""

c = get_config()  # noqa: F821  # traitlets defines it in the namespace that it runs this file in

c.CourseDirectory.course_id = "ridge-to-bayes"

# --- nbgrader generate_assignment -----------------------------------------------------------------------------------

# Only the raise: the stub's own comments already say what to write, and an untouched exercise must fail loudly.
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}

# --- nbgrader autograde ---------------------------------------------------------------------------------------------

# nbgrader's reader stops at a file that is no notebook, with a traceback and without a grade. This one lets the judge
# say what is wrong with it, in the gradebook and in the feedback.
c.Autograde.exporter_class = "autograder.course.preprocessors.SubmissionExporter"

c.Autograde.sanitize_preprocessors = [
    # First: nbgrader's own steps trust the ids and flags of a submission (a duplicated cell would stop the class).
    "autograder.course.preprocessors.Canonicalize",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "autograder.course.preprocessors.OverwriteCells",
]
# nbgrader checks each notebook's metadata here and once more below. They are the release's own since Canonicalize,
# which has the release's checked once: for a long notebook nbgrader's check takes longer than all other steps.

c.Autograde.autograde_preprocessors = [
    # In place of nbgrader.preprocessors.Execute: no student code runs in nbgrader's process or beside it. Never remove
    # it without putting Execute back: to nbgrader a test cell without outputs is worth full marks.
    "autograder.course.preprocessors.Judge",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
]

# Late penalties by policies.toml; a course without this file has nbgrader's own (none, unless it is configured).
c.AssignLatePenalties.plugin_class = "autograder.course.late.LateSubmissionPlugin"

# --- nbgrader generate_feedback -------------------------------------------------------------------------------------

c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    # Without it feedback shows nbgrader's own kind of hidden tests, should an instructor add some to a notebook.
    "autograder.course.preprocessors.ClearHiddenTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
