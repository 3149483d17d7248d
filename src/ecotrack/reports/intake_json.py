"""What intake found about a file, as JSON values: the stable schemas ``ecotrack.check/1`` and ``ecotrack.import/1``."""

from __future__ import annotations

from typing import Any

from ecotrack.intake.check import Checked, Tally
from ecotrack.intake.check_shape import Subject
from ecotrack.intake.submit import Submitted
from ecotrack.model.findings import Finding

CHECK_SCHEMA = "ecotrack.check/1"
IMPORT_SCHEMA = "ecotrack.import/1"


def checked_json(checked: Checked) -> dict[str, Any]:
    """Return everything that was found about one file; docs/json-schema.md says what each key means."""
    proposal, reading = checked.proposal, checked.reading
    ready = {item.number for item in proposal.subjects} - {*proposal.waiting}
    return {
        "file": checked.upload.file_name,
        "sha256": checked.upload.sha256,
        "layer": proposal.submission.layer,
        "submitted_on": proposal.submission.submitted_on.isoformat(),
        "clean": checked.clean,
        "features": len(reading.candidates),
        "can_come_in": len(proposal.versions),
        "waiting": proposal.waiting,
        "held": checked.held,
        "blocked": proposal.blocked,
        "measured_mu": round(sum(checked.area_mu[number] for number in ready), 1),
        "accepted_plots_compared": checked.compared,
        "matches": proposal.matches,
        "unused_fields": proposal.unused,
        "layers": [
            {
                "name": x.name,
                "driver": x.driver,
                "crs": x.crs,
                "evidence_zh": x.crs_evidence[0],
                "evidence_en": x.crs_evidence[1],
                "encoding": x.encoding,
                "features": x.features,
            }
            for x in reading.layers
        ],
        "checks": [_tally_json(tally) for tally in checked.tallies],
        "findings": [finding_json(finding) for finding in proposal.findings],
        "plots": [_plot_json(checked, item) for item in proposal.subjects],
    }


def imported_json(checked: Checked, outcome: Submitted | None) -> dict[str, Any]:
    """Return the same with what was registered; ``None`` for a dry run."""
    return {
        "submission": outcome.submission_id if outcome else None,
        "repeated": outcome.repeated if outcome else None,
        "added": outcome.added if outcome else None,
        **checked_json(checked),
    }


def _tally_json(tally: Tally) -> dict[str, Any]:
    check = tally.check
    return {
        "check": check.id,
        "stage": check.stage,
        "level": check.level,
        "title_zh": check.title_zh,
        "title_en": check.title_en,
        "threshold": check.threshold,
        "unit": check.unit,
        "passed": tally.passed,
        "failed": tally.failed,
        "not_checked": tally.not_checked,
        "not_asked": tally.not_asked,
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return one finding."""
    return {
        "check": finding.check,
        "level": finding.level,
        "answer": finding.answer,
        "feature": finding.feature,
        "where": finding.where,
        "zh": finding.message.zh,
        "en": finding.message.en,
        "mend_zh": finding.mend.zh,
        "mend_en": finding.mend.en,
        "lonlat": finding.lonlat,
        "facts": finding.facts,
        "responsible_unit": finding.responsible_unit,
        "due_on": finding.due_on.isoformat() if finding.due_on else None,
    }


def state_of(checked: Checked, number: int) -> str:
    """Return ``ready``, ``held`` (it can be registered, not accepted as it stands) or ``waits`` (it stays out)."""
    if number in checked.held:
        return "held"
    ready = any(item.number == number for item in checked.proposal.subjects)
    return "ready" if ready and number not in checked.proposal.waiting else "waits"


def _plot_json(checked: Checked, item: Subject) -> dict[str, Any]:
    version = item.version
    return {
        "number": item.number,
        "where": item.where,
        "feature_id": version.feature_id,
        "name": version.name,
        "unit": version.unit,
        "season": version.season,
        "kind": version.kind,
        "form": version.form,
        "measured_mu": round(checked.area_mu[item.number], 3),
        "claimed_mu": str(version.claimed_mu) if version.claimed_mu is not None else None,
        "state": state_of(checked, item.number),
    }
