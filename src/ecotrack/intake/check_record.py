"""What the checks found about a submission, kept in the register, so that a review can hold acceptance to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ecotrack.intake.check import Checked
from ecotrack.intake.checks import Check
from ecotrack.model import IssuedDocument
from ecotrack.model.findings import Finding
from ecotrack.register import Register, stable_id

KIND = "intake_check"
"""Kind of the issued documents of this module."""


def record_of(checked: Checked) -> IssuedDocument:
    """Return the findings on the features that are registered, and the answers of every check, as a document."""
    submission = checked.proposal.submission
    versions = {str(item.number): item.version.version_id for item in checked.proposal.subjects}
    ready = {version.version_id for version in checked.proposal.versions}
    told = [f for f in checked.findings if f.feature is None or versions.get(f.feature) in ready]
    return IssuedDocument(
        document_id=stable_id(KIND, submission.submission_id),
        kind=KIND,
        issued_on=submission.submitted_on,
        body={
            "submission_id": submission.submission_id,
            "file_name": submission.file_name,
            "raw_sha256": submission.raw_sha256,
            "held": [versions[str(number)] for number in checked.held],
            "checks": [
                _answers(tally.check, tally.passed, tally.failed, tally.not_checked) for tally in checked.tallies
            ],
            "findings": [_finding(found, versions) for found in told if found.level != "notes"],
        },
        sample=submission.sample,
    )


def _answers(check: Check, passed: int, failed: int, not_checked: int) -> dict[str, Any]:
    return {
        "check": check.id,
        "level": check.level,
        "threshold": check.threshold,
        "passed": passed,
        "failed": failed,
        "not_checked": not_checked,
    }


def _finding(found: Finding, versions: dict[str, str]) -> dict[str, Any]:
    return {
        "version_id": versions.get(found.feature or ""),
        "check": found.check,
        "level": found.level,
        "answer": found.answer,
        "zh": found.message.zh,
        "en": found.message.en,
        "responsible_unit": found.responsible_unit,
        "due_on": found.due_on.isoformat() if found.due_on else None,
    }


def records_about(register: Register, submission_ids: Iterable[str]) -> dict[str, IssuedDocument]:
    """Return what the checks found about some submissions, by their ids."""
    papers = register.papers(stable_id(KIND, submission_id) for submission_id in submission_ids)
    return {str(paper.body["submission_id"]): paper for paper in papers}


def held_versions(register: Register, submission_ids: Iterable[str]) -> dict[str, str]:
    """Return the ids of the feature versions of some submissions that cannot be accepted as they stand.

    With each goes the first reason (zh).
    """
    result: dict[str, str] = {}
    for document in records_about(register, submission_ids).values():
        reasons = {f["version_id"]: f["zh"] for f in reversed(document.body["findings"]) if f["level"] == "blocks"}
        result |= {version_id: str(reasons.get(version_id, "")) for version_id in document.body["held"]}
    return result
