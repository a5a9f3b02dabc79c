"""Django models and database constraints, without business rules."""

from .assignments import Arm, Assignment, QueueCursor, Skip
from .discussions import Discussion, Participant, Post, Stance, Topic
from .figures import StudyFigures
from .history import HistoryEntry
from .jobs import Job, JobLogLine
from .judging import JudgeRun, Prediction, Scorecard
from .people import ApiToken, Exposure, Invitation, Member, User
from .queue import QueueEntry, ReviewQueue
from .releases import Release, ReleaseEntry, Rendition, ReservedPool
from .rubrics import Dimension, Level, Rubric
from .samples import Picture, Question, Sample, SampleContent, SamplePicture
from .scores import FinalScore, Rating, Score
from .studies import Protocol, Study
from .suggestions import Revision, Suggestion

__all__ = [
    "ApiToken",
    "Arm",
    "Assignment",
    "Dimension",
    "Discussion",
    "Exposure",
    "FinalScore",
    "HistoryEntry",
    "Invitation",
    "Job",
    "JobLogLine",
    "JudgeRun",
    "Level",
    "Member",
    "Participant",
    "Picture",
    "Post",
    "Prediction",
    "Protocol",
    "Question",
    "QueueCursor",
    "QueueEntry",
    "Rating",
    "Release",
    "ReleaseEntry",
    "Rendition",
    "ReservedPool",
    "ReviewQueue",
    "Revision",
    "Rubric",
    "Sample",
    "SampleContent",
    "SamplePicture",
    "Score",
    "Scorecard",
    "Skip",
    "Stance",
    "Study",
    "StudyFigures",
    "Suggestion",
    "Topic",
    "User",
]
