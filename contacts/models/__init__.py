"""Every model of the contacts app."""

from contacts.models.bulk import BulkEdit, BulkEditItem
from contacts.models.consent import (
    CORRECTIONS,
    IMPORT_UNDONE,
    MERGE_UNDONE,
    Act,
    Basis,
    Consent,
    ConsentEvidence,
    ConsentState,
    Suppression,
)
from contacts.models.contacts import Contact, Stage
from contacts.models.data_requests import DataRequest
from contacts.models.exports import ExportPiece, PeopleExport
from contacts.models.imports import DIFFERING, Import, ImportChange, ImportCheck, ImportProblem
from contacts.models.interactions import FEEDING_KINDS, Channel, ContactStats, Interaction
from contacts.models.merges import DuplicateCandidate, MergeOperation
from contacts.models.next_steps import NextStep
from contacts.models.notes import Note
from contacts.models.organizations import Affiliation, Organization
from contacts.models.people_views import PeopleView
from contacts.models.points import ContactPoint
from contacts.models.roles import RoleAssignment
from contacts.models.search import SearchToken
from contacts.models.stages import StageChange
from contacts.models.tags import ContactTag, Tag
from contacts.models.topics import Topic

__all__ = [
    "CORRECTIONS",
    "DIFFERING",
    "FEEDING_KINDS",
    "IMPORT_UNDONE",
    "MERGE_UNDONE",
    "Act",
    "Affiliation",
    "Basis",
    "BulkEdit",
    "BulkEditItem",
    "Channel",
    "Consent",
    "ConsentEvidence",
    "ConsentState",
    "Contact",
    "ContactPoint",
    "ContactStats",
    "ContactTag",
    "DataRequest",
    "DuplicateCandidate",
    "ExportPiece",
    "Import",
    "ImportChange",
    "ImportCheck",
    "ImportProblem",
    "Interaction",
    "MergeOperation",
    "NextStep",
    "Note",
    "Organization",
    "PeopleExport",
    "PeopleView",
    "RoleAssignment",
    "SearchToken",
    "Stage",
    "StageChange",
    "Suppression",
    "Tag",
    "Topic",
]
