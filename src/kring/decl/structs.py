"""Kernel structs that come with kring: the fields programs ask for most, by the kernel's names.

For a field that is not here, declare your own class of the struct's name with it.
"""

from __future__ import annotations

from kring.decl.kernel import KernelStruct
from kring.decl.types import be16, be32, char, embedded, i32, named, u8, u16, u32, u64


class task_struct(KernelStruct):
    """A thread, as the scheduler sees it: `pid` is the thread's id, `tgid` the process's."""

    pid: i32
    tgid: i32
    comm: str = char(16)
    flags: u32
    prio: i32
    real_parent: task_struct
    parent: task_struct
    group_leader: task_struct
    start_time: u64
    start_boottime: u64
    exit_code: i32
    mm: mm_struct
    real_cred: cred
    cred: cred
    nsproxy: nsproxy
    fs: fs_struct


class seq_file(KernelStruct):
    """What an iterator writes to."""

    count: u64


class bpf_iter_meta(KernelStruct):
    """What each call of an iterator is given: `seq_num` counts the objects."""

    seq: seq_file
    session_id: u64
    seq_num: u64


class mm_struct(KernelStruct):
    """A process's memory."""

    exe_file: file
    arg_start: u64
    arg_end: u64
    env_start: u64
    env_end: u64


class kuid_t(KernelStruct):
    val: u32


class kgid_t(KernelStruct):
    val: u32


class cred(KernelStruct):
    """What a task may do; the ids are in `val`."""

    uid: kuid_t = embedded()
    gid: kgid_t = embedded()
    euid: kuid_t = embedded()
    egid: kgid_t = embedded()


class ns_common(KernelStruct):
    """What all namespaces have: `inum` is the number in /proc/PID/ns."""

    inum: u32


class pid_namespace(KernelStruct):
    ns: ns_common = embedded()
    level: u32


class mnt_namespace(KernelStruct):
    ns: ns_common = embedded()


class uts_namespace(KernelStruct):
    ns: ns_common = embedded()


class net(KernelStruct):
    ns: ns_common = embedded()


class nsproxy(KernelStruct):
    """A task's namespaces."""

    pid_ns_for_children: pid_namespace
    mnt_ns: mnt_namespace
    uts_ns: uts_namespace
    net_ns: net


class qstr(KernelStruct):
    """A name in a directory."""

    name: str
    len: u32


class dentry(KernelStruct):
    d_name: qstr = embedded()
    d_parent: dentry
    d_inode: inode
    d_sb: super_block


class super_block(KernelStruct):
    s_dev: u32
    s_magic: u64
    s_id: str = char(32)


class inode(KernelStruct):
    i_ino: u64
    i_mode: u16
    i_size: u64
    i_uid: kuid_t = embedded()
    i_sb: super_block


class path(KernelStruct):
    dentry: dentry


class file(KernelStruct):
    f_path: path = embedded()
    f_inode: inode
    f_flags: u32
    f_pos: u64


class fs_struct(KernelStruct):
    pwd: path = embedded()
    root: path = embedded()


class sock_common(KernelStruct):
    """What all sockets have; ports are in network order but for `skc_num`, the own one."""

    skc_family: u16
    skc_state: u8
    skc_num: u16
    skc_dport: be16
    skc_rcv_saddr: be32
    skc_daddr: be32


class sock(KernelStruct):
    sk_common: sock_common = named("__sk_common", embedded())
