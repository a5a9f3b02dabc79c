"""The numbers by which states are stored, as text for SQL statements."""

from annotation.models import Arm, Assignment, Sample

# Of an assignment.
LEASED = f"{Assignment.State.LEASED:d}"
SCORED = f"{Assignment.State.SCORED:d}"
RELEASED = f"{Assignment.State.RELEASED:d}"
# Of a sample's stage.
CLOSED = f"{Sample.Stage.CLOSED:d}"
UNTOUCHED = f"{Sample.Stage.UNTOUCHED:d}"
BEGUN = f"{Sample.Stage.BEGUN:d}"
# Of an assignment's or a score's arm.
BLIND = f"{Arm.BLIND:d}"
PREFILLED = f"{Arm.PREFILLED:d}"
