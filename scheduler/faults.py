"""Why a process cannot start, in words for the operator. Imports nothing, so that the command line
can catch these without loading the rest."""

from __future__ import annotations


class WrongSetting(Exception):
    """A setting is missing or wrong. The message names it and says how to mend it."""


class CannotStart(Exception):
    """Something outside the settings is in the way. The message says what to do."""
