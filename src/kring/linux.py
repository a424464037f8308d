"""Kernel structs that come with kring, by the kernel's names: `from kring.linux import file, sock`.

Each has the fields that programs ask for most. For another field, declare a class of the struct's
name yourself, on top of the one here or on its own.
"""

from __future__ import annotations

from kring.decl.structs import (
    cred,
    dentry,
    file,
    fs_struct,
    inode,
    kgid_t,
    kuid_t,
    mm_struct,
    mnt_namespace,
    net,
    ns_common,
    nsproxy,
    path,
    pid_namespace,
    qstr,
    sock,
    sock_common,
    super_block,
    task_struct,
    uts_namespace,
)

__all__ = [
    "cred",
    "dentry",
    "file",
    "fs_struct",
    "inode",
    "kgid_t",
    "kuid_t",
    "mm_struct",
    "mnt_namespace",
    "net",
    "ns_common",
    "nsproxy",
    "path",
    "pid_namespace",
    "qstr",
    "sock",
    "sock_common",
    "super_block",
    "task_struct",
    "uts_namespace",
]
