"""The formats that reports come in."""

from enum import StrEnum


class Format(StrEnum):
    """HTML is for people, CSV for spreadsheets and two course systems, the others for programs."""

    HTML = "html"
    CSV = "csv"
    CANVAS = "canvas"
    MOODLE = "moodle"
    JUNIT = "junit"
    JSON = "json"
