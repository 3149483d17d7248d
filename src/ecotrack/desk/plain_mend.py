"""What to do about a finding in the words of the portal's pages, where intake speaks of options of the command line."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ecotrack.errors import Text
from ecotrack.intake.check import Checked
from ecotrack.intake.kept import kept_of
from ecotrack.model.findings import Finding

FORM = "改一改再检查"
"""Title of the form under a checked upload."""

MEND = {
    "unknown_crs": f"请问清坐标系，在“{FORM}”里选；或者连同 .prj 文件一起重新上传",
    "invalid": f"请在“{FORM}”里勾选自动改正，或在图上、制图软件里改好再上传",
    "encoding": f"如有乱码，请在“{FORM}”里换一种编码",
    "encoding_unknown": f"请在“{FORM}”里选编码，一般是 GBK",
    "torn_corners": "请把这块地的拐点都改成同一种坐标再上传",
    "contradicted_plane": f"请问清画图的人用的是38带还是39带，在“{FORM}”里选；或者改好 .prj 文件再上传",
    "named_datum": f"请问清坐标转到国家2000没有：没有转的，先用测绘部门的参数转好；转好了的，在“{FORM}”里选坐标系",
    "mixed_objects": "请在奥维里把坐标相同的对象放在一起，分成几个文件导出再上传",
    "ambiguous_position": f"请看小地图上哪一种落在实地，问清是用什么软件画的，再在“{FORM}”里选",
    "contradicted_reading": f"请问清这份文件是用什么软件导出的，再在“{FORM}”里选坐标来源",
    "no_reason": f"请在“{FORM}”里写明更正原因",
    "repair_offered": f"同意的，在“{FORM}”里勾选；不同意的不必处理",
    "no_sheet": "请按上面的名字重新选；不选就全部读取",
    "missing_field": f"请在“{FORM}”里选，或在文件的属性表里填好再上传",
}
"""What to do, by the id of the check whose own words name an option of the command line."""


def in_page(checked: Checked) -> Checked:
    """Return the same with every finding's advice in the words of the pages."""
    findings = kept_of(Finding, (_told(finding) for finding in checked.findings))
    return replace(checked, proposal=replace(checked.proposal, findings=findings))


def _told(finding: Finding) -> Finding:
    words = MEND.get(finding.check)
    return msgspec.structs.replace(finding, mend=Text(words, finding.mend.en)) if words else finding
