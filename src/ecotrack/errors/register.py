"""The register and its backups."""

from __future__ import annotations

from ecotrack.errors.base import RegisterError, Text


class NetworkShare(RegisterError):
    """A register on a network file system."""

    what = Text(
        "登记库位于网络共享（{fstype}）上，SQLite 的文件锁在那里不可靠，可能丢失数据",
        "the register lies on a network share ({fstype}), where SQLite's locking is unsafe and rows can be lost",
    )
    mend = Text("请把工作区放到本机硬盘", "put the workspace on a local disk")


class NoRegister(RegisterError):
    """The workspace has no register yet."""

    what = Text("还没有登记库", "there is no register yet")
    mend = Text(
        "请先用 ecotrack import 导入地块、ecotrack task import 导入任务或 ecotrack records import 导入进度；"
        "想先看示例可运行 ecotrack demo build",
        "first bring in plots (ecotrack import), a task (ecotrack task import) or records (ecotrack records import); "
        "ecotrack demo build makes a sample",
    )


class RegisterBusy(RegisterError):
    """Another writer held the register for too long."""

    what = Text("登记库正被另一个程序写入", "another program is writing to the register")
    mend = Text("请稍后再试", "try again in a moment")


class ChainBroken(RegisterError):
    """A row whose content no longer gives its hash."""

    what = Text("登记链在第 {seq} 行断开：{detail}", "the chain breaks at row {seq}: {detail}")
    mend = Text("请从备份恢复，并查明是谁改动了文件", "restore from a backup and find out who changed the file")


class DuplicateEntry(RegisterError):
    """An id that the register already holds with other content."""

    what = Text("编号 {entry_id} 已经登记过，内容不同", "id {entry_id} is already registered with other content")
    mend = Text("更正请使用新编号并注明 corrects", "for a correction use a new id and name the old one in corrects")


class BackupDamaged(RegisterError):
    """A backup file that does not verify."""

    what = Text("备份文件不完整：{detail}", "the backup does not verify: {detail}")
    mend = Text("请换一份备份", "use another backup")


class UnknownReceipt(RegisterError):
    """A receipt that the register does not hold, or a beginning that fits several."""

    exit_code = 2
    what = Text("没有编号为“{name}”的唯一凭证", "no single receipt has the id '{name}'")
    mend = Text("可用 ecotrack receipts 查看凭证编号", "see the ids with ecotrack receipts")


class UnknownDefinition(RegisterError):
    """A receipt whose definitions this program does not hold."""

    what = Text(
        "凭证使用口径版本 {found}，本程序只有版本 {known}",
        "the receipt rests on definitions {found}; this program holds {known}",
    )
    mend = Text("请用出具凭证的版本（{version}）复算", "recompute it with the version that issued it ({version})")


class ReadOnlyRegister(RegisterError):
    """A register in a folder that this user may not write to."""

    what = Text("登记库只能读取，目录不可写", "the register can only be read: its folder is not writable")
    mend = Text("请取得该目录的写入权限，或在可写的工作区操作", "get leave to write there, or use your own workspace")
