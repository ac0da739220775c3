"""What can be wrong with a gradebook. Every message is fit to be shown to a person."""


class GradebookError(RuntimeError):
    """Base of the errors of a gradebook."""


class NoGradebook(GradebookError):
    """There is no gradebook at that place."""


class NotAGradebook(GradebookError):
    """The file is of another program, or of a newer version of this one. It was not touched."""


class NotInGradebook(GradebookError):
    """The gradebook knows no such learner, or nothing of that learner for this exercise."""


class DamagedVerdict(GradebookError):
    """What was stored of a verdict cannot be read; all others can."""
