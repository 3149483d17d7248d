"""The portal: accounts, what they may do, and uploads."""

from __future__ import annotations

from ecotrack.errors.base import RegisterError, Text, UsageError


class SignInRefused(UsageError):
    """A sign-in that does not succeed; it never says whether the name or the password was wrong."""

    what = Text("用户名或密码不对", "the name or the password is wrong")
    mend = Text("请重新输入；忘记密码请找本市管理员重设", "try again, or ask the bureau for a new link")


class NotAllowed(UsageError):
    """Something that this account may not see or do."""

    what = Text("没有权限，或没有这项内容", "this is not there, or not for this account")
    mend = Text("如确需办理，请联系管理员开通", "ask the bureau if it is needed")


class ForeignUnit(UsageError):
    """A report about a unit for which this account may not report."""

    what = Text("表里有{names}的数据，您的账号不能替该单位填报", "rows speak of units of others: {names}")
    mend = Text("请改正“责任单位”一栏，或请管理员开通该单位", "mend the column of units, or ask the bureau")


class ForeignEntry(ForeignUnit):
    """A record typed into a form for a unit for which this account may not report."""

    what = Text("{said}，您的账号不能这样填报", "the unit of this record is not this account's: {names}")
    mend = Text("请在“责任单位”填您自己的单位，或请管理员开通该单位", "name your own unit, or ask the bureau")


class ForeignFeature(UsageError):
    """A record about a feature for which this account does not answer, or in the place of such a record."""

    what = Text("“{name}”归{owners}负责，您的账号不能填报或更正", "'{name}' is of {owners}, not of this account")
    mend = Text("请核对要素编号或记录编号，或请管理员开通该单位", "mend the id, or ask the bureau")


class ForeignLevel(UsageError):
    """A task that is handed down to a unit, or a check of its work by a level above it, recorded by the unit itself."""

    what = Text(
        "“{level}”级的任务和核查由上级登记，您的账号不能填报或更正", "level {level} is recorded by the level above"
    )
    mend = Text(
        "本单位只登记自加压的任务和县级核查；上级的请市里登记",
        "record your own tasks and checks; ask the bureau for others",
    )


class TooMany(UsageError):
    """More requests than the portal takes from one place in a while."""

    what = Text("操作太频繁", "too many requests")
    mend = Text("请等 {seconds} 秒后再试", "wait {seconds} seconds")


class BadLink(UsageError):
    """A one-time link that was used, has run out, or never was."""

    what = Text("这个链接已经用过或已过期", "this link was used or has run out")
    mend = Text("请向管理员要一个新的链接", "ask for a new one")


class WeakPassword(UsageError):
    """A password that is too short, or among the first that somebody would try."""

    what = Text("这个密码太容易猜到：{why_zh}", "this password is easily guessed: {why_en}")
    mend = Text(
        "请换一个至少 {least} 个字符、自己记得住的，比如几个不相干的词连在一起；不要只用数字，不要带用户名",
        "choose one of at least {least} characters, such as a few words that have nothing to do with each other",
    )


class BadAccount(UsageError):
    """A name or a role that no account can have."""

    what = Text("账号信息不对：{detail}", "the account cannot be so: {detail}")
    mend = Text("用户名用字母、数字、汉字或短横，2 到 40 个字符", "names have 2 to 40 letters, digits or hyphens")


class NameTaken(UsageError):
    """A name that another account bears."""

    what = Text("用户名“{name}”已经有人用了", "the name '{name}' is taken")
    mend = Text("请换一个", "choose another")


class UploadConflict(UsageError):
    """An upload id that stands for other bytes, or for somebody else's upload."""

    what = Text("这个上传编号已经用于另一份文件", "this upload id stands for another file")
    mend = Text("请重新选择文件上传", "send the file again under a new id")


class BadQuery(UsageError):
    """A parameter of a request that no route takes, or a value that it cannot have."""

    what = Text("请求的参数不对：{detail}", "a parameter of the request is wrong: {detail}")
    mend = Text("请按 /ogc/api 的说明改正", "see /ogc/api")


class UploadTooLarge(UsageError):
    """An upload beyond the size limit."""

    what = Text("文件太大，上限 {limit} MB", "the file is larger than {limit} MB")
    mend = Text("请分成几个文件上传", "send it in parts")


class WrongOffset(UsageError):
    """A part of an upload that does not begin where the kept part ends."""

    what = Text("续传位置不对，服务器上已有 {kept} 字节", "the portal holds {kept} bytes of this upload")
    mend = Text("请从该位置继续", "go on from there")


class NotReady(UsageError):
    """A step that the state of an upload does not allow."""

    what = Text("现在不能这样做：{detail}", "this cannot be done now: {detail}")
    mend = Text("请刷新页面看最新状态", "reload to see how it stands")


class DecidedMeanwhile(UsageError):
    """A verdict on plots about which somebody else decided after the page was opened."""

    what = Text(
        "有 {count} 块在您打开页面以后已由 {reviewer} 审过（{state_zh}），您这次的意见一块也没有记入",
        "{reviewer} has decided about {count} of these plots meanwhile ({state_en}); nothing of yours was written",
    )
    mend = Text("请刷新页面，看最新结果后再审其余的", "reload to see how they stand, then decide about the rest")


class HeldHere(UsageError):
    """A verdict at the portal on plots that a check holds back, with every one of them named."""

    what = Text(
        "有 {count} 块检查不通过或没有检查，不能直接通过：{plots}。{first}",
        "{count} plots are held back by a check: {plots}. {first}",
    )
    mend = Text(
        "请取消勾选这几块，或退回改正；确已核实无误的，在“意见”里写明理由，勾上“有问题的地块已经核实无误，照样通过”，再按“通过”",
        "untick them or send them back; once settled, write the reason, tick 'all the same', and accept",
    )


class BadPhoto(UsageError):
    """A picture that cannot be taken in."""

    what = Text("这张照片不能用：{detail}", "this photograph cannot be taken: {detail}")
    mend = Text("请重新拍一张，或另选一张 JPEG 照片", "take another, or choose another JPEG")


class Forged(UsageError):
    """A request that did not come from a page of this portal."""

    what = Text("请求来源无法确认", "the request did not come from a page of this portal")
    mend = Text("请刷新页面后重试", "reload the page and try again")


class DiskFull(RegisterError):
    """Bytes that could not be kept."""

    what = Text("服务器没能保存：{detail}", "the portal could not keep it: {detail}")
    mend = Text(
        "内容还在您的设备上，请通知管理员，稍后再发", "it is still with you; tell the bureau, and send it later"
    )


class CannotListen(UsageError):
    """An address and port at which the portal cannot be reached."""

    what = Text("{place} 用不了：{detail}", "{place} cannot be listened at: {detail}")
    mend = Text(
        "网上报送可能已经在运行；请先停掉那个程序，或用 --port 换一个端口、用 --host 换一个本机地址",
        "the portal may run already; stop that program, or name another --port or --host",
    )


class BadCertificate(UsageError):
    """A certificate or key with which no https can be spoken."""

    what = Text("证书或私钥用不了：{detail}", "certificate or key are of no use: {detail}")
    mend = Text(
        "两个都要是 PEM 格式、是一对、私钥不设密码；docs/portal.md 有制作的命令",
        "both must be PEM and belong together, the key without a password; docs/portal.md shows how to make them",
    )


class PushUnreachable(UsageError):
    """A portal that does not answer."""

    exit_code = 3
    what = Text("连不上报送网站：{detail}", "the portal cannot be reached: {detail}")
    mend = Text("请检查网络和地址，再运行一次；已发出的部分会接着发", "run it again; what was sent is gone on with")


class PushRefused(UsageError):
    """A file that could not be sent as it was asked, or a portal that answered and took nothing."""

    what = Text("没有报送成：{detail}", "nothing was sent in: {detail}")
    mend = Text("请按提示改正后再运行", "mend it and run again")
