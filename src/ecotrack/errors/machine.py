"""What operating systems and SQLite say in English when they cannot, in words that an office reads."""

from __future__ import annotations

import errno
import os

REASONS = {
    errno.ENOSPC: ("磁盘已满", "the disk is full"),
    errno.EDQUOT: ("磁盘配额已用完", "the disk quota is used up"),
    errno.EFBIG: ("文件超过了这台机器允许的大小", "the file is larger than this machine allows"),
    errno.EACCES: ("没有权限", "permission is denied"),
    errno.EPERM: ("没有权限", "permission is denied"),
    errno.EROFS: ("磁盘是只读的", "the disk is read-only"),
    errno.EIO: ("磁盘读写出错", "the disk cannot be read or written"),
    errno.EISDIR: ("这是一个目录，不是文件", "it is a folder, not a file"),
    errno.ENOTDIR: ("路径中有一段不是目录", "a part of the path is no folder"),
    errno.EEXIST: ("已经存在", "it is there already"),
    errno.ENOENT: ("找不到文件或目录", "there is no such file or folder"),
    errno.EBUSY: ("正被其他程序使用", "another program uses it"),
    errno.ENAMETOOLONG: ("文件名太长", "the name is too long"),
    errno.EADDRINUSE: ("端口已经有程序在用", "another program listens there"),
    errno.EADDRNOTAVAIL: ("本机没有这个地址", "this machine has no such address"),
    errno.ECONNREFUSED: ("对方没有在这个地址和端口上运行", "nothing listens there"),
    errno.ECONNRESET: ("连接被对方断开", "the other side broke the connection off"),
    errno.EHOSTUNREACH: ("网络到不了对方", "no way leads there"),
    errno.ENETUNREACH: ("网络到不了对方", "no way leads there"),
}
"""Numbers of the operating system's errors, in Chinese and English."""

_CHINESE = {os.strerror(number): zh for number, (zh, _) in REASONS.items()} | {
    "database or disk is full": "磁盘已满",
    "disk I/O error": "磁盘读写出错（磁盘可能已满）",
    "readonly database": "文件是只读的",
    "database is locked": "正被其他程序使用",
    "unable to open database file": "文件打不开",
    "IP address mismatch": "对方的证书不是给这个地址的，请用证书上写的地址",
    "Hostname mismatch": "对方的证书不是给这个名称的，请用证书上写的名称",
    "certificate has expired": "对方的证书过期了，请管理员换一张",
    "CERTIFICATE_VERIFY_FAILED": "对方的证书不在信任之列（自制证书请用 --ca 指出证书文件）",
    "WRONG_VERSION_NUMBER": "对方不是 https",
    "KEY_VALUES_MISMATCH": "证书和私钥不是一对",
    "NO_CERTIFICATE_OR_CRL_FOUND": "不是 PEM 格式的证书",
    "PEM lib": "不是 PEM 格式，或者私钥设了密码",
    "Name or service not known": "找不到这个主机名",
    "Temporary failure in name resolution": "找不到这个主机名",
    "nodename nor servname": "找不到这个主机名",
    "getaddrinfo failed": "找不到这个主机名",
    "timed out": "对方没有回应",
    "Remote end closed connection": "连接被对方断开",
}


def in_chinese(said: object) -> object:
    """Return what a machine said in Chinese; anything else as it is.

    Examples
    --------
    >>> in_chinese(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/register"))
    '磁盘已满'
    >>> in_chinese("第 3 行")
    '第 3 行'
    """
    if not isinstance(said, (str, Exception)):
        return said
    text = str(said)
    return next((chinese for english, chinese in _CHINESE.items() if english in text), said)
