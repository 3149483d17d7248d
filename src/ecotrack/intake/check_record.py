"""What the checks found about a submission, kept in the register, so that a review can hold acceptance to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ecotrack.intake.check import Checked
from ecotrack.intake.checks import Check
from ecotrack.intake.kept import BLOCK
from ecotrack.model import IssuedDocument, Submission
from ecotrack.model.findings import Finding
from ecotrack.register import Register, stable_id

KIND = "intake_check"
"""Kind of the issued documents of this module."""


PART_KIND = "intake_check_part"
"""Kind of the documents with the findings of a large submission, a block of them each."""


_TOLD_NOTES = ("repaired", "repair_taken")
"""Notes that are kept with what blocks and warns: the boundary is no longer the one that was drawn."""


def records_of(checked: Checked) -> Iterator[IssuedDocument]:
    """Yield what was found about the features that are registered, and the answers of every check, as documents.

    The last one is the record; where there are many findings, documents with a block of them each come before it.
    """
    submission, part = checked.proposal.submission, 0
    versions = {str(item.number): item.version.version_id for item in checked.proposal.subjects}
    block: list[dict[str, Any]] = []
    for found in checked.findings:
        if (found.level == "notes" and found.check not in _TOLD_NOTES) or (
            found.feature is not None and int(found.feature) not in checked.ready
        ):
            continue
        if len(block) == BLOCK:
            part += 1
            yield _part(submission, part, block)
            block = []
        block.append(_finding(found, versions))
    yield IssuedDocument(
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
            "findings": block,
            "parts": part,
        },
        sample=submission.sample,
    )


def _part(submission: Submission, number: int, findings: list[dict[str, Any]]) -> IssuedDocument:
    return IssuedDocument(
        document_id=stable_id(PART_KIND, submission.submission_id, number),
        kind=PART_KIND,
        issued_on=submission.submitted_on,
        body={"submission_id": submission.submission_id, "part": number, "findings": findings},
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
    """Return what the checks found about some submissions, by their ids; each with all its findings."""
    papers = register.papers(stable_id(KIND, submission_id) for submission_id in submission_ids)
    return {str(paper.body["submission_id"]): _whole(register, paper) for paper in papers}


def _whole(register: Register, paper: IssuedDocument) -> IssuedDocument:
    # Records that were written before there were parts name none.
    numbers = range(1, int(paper.body.get("parts", 0)) + 1)
    if not numbers:
        return paper
    ids = [stable_id(PART_KIND, str(paper.body["submission_id"]), number) for number in numbers]
    before = [found for part in register.papers(ids) for found in part.body["findings"]]
    return replace(paper, body=paper.body | {"findings": before + paper.body["findings"]})


def held_in(records: Iterable[IssuedDocument]) -> dict[str, str]:
    """Return the ids of the feature versions that what was found holds back, each with the first reason (zh).

    Parameters
    ----------
    records
        What `records_about` returned.
    """
    result: dict[str, str] = {}
    for document in records:
        reasons = {f["version_id"]: f["zh"] for f in reversed(document.body["findings"]) if f["level"] == "blocks"}
        result |= {version_id: str(reasons.get(version_id, "")) for version_id in document.body["held"]}
    return result
