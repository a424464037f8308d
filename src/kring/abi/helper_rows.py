"""The kernel's helpers, one a line: id, name, kind of result, kinds and names of parameters.

Made by scripts/helpers from the prototypes of <linux/bpf.h>. `helpers.HELPERS` reads it.
"""

ROWS = """\
1 map_lookup_elem value?: map:HASH|ARRAY|PERCPU_HASH|PERCPU_ARRAY|LRU_HASH|LRU_PERCPU_HASH|LPM_TRIE|ARRAY_OF_MAPS|HASH_OF_MAPS|DEVMAP|DEVMAP_HASH|CPUMAP|XSKMAP|SOCKMAP|SOCKHASH map, key key
2 map_update_elem int: map:HASH|ARRAY|PERCPU_HASH|PERCPU_ARRAY|LRU_HASH|LRU_PERCPU_HASH|LPM_TRIE|SOCKMAP|SOCKHASH map, key key, value value, int flags
3 map_delete_elem int: map:HASH|PERCPU_HASH|LRU_HASH|LRU_PERCPU_HASH|LPM_TRIE|SOCKMAP|SOCKHASH map, key key
4 probe_read int: out dst, size? size, addr unsafe_ptr
5 ktime_get_ns uint:
6 trace_printk int: in fmt, size fmt_size, int arg1, int arg2, int arg3
7 get_prandom_u32 int:
8 get_smp_processor_id int:
9 skb_store_bytes int: ctx skb, int offset, in from, size len, int flags
10 l3_csum_replace int: ctx skb, int offset, int from, int to, int size
11 l4_csum_replace int: ctx skb, int offset, int from, int to, int flags
12 tail_call int: ctx ctx, map:PROG_ARRAY prog_array_map, int index
13 clone_redirect int: ctx skb, int ifindex, int flags
14 get_current_pid_tgid uint:
15 get_current_uid_gid uint:
16 get_current_comm int: out buf, size size_of_buf
17 get_cgroup_classid int: ctx skb
18 skb_vlan_push int: ctx skb, int vlan_proto, int vlan_tci
19 skb_vlan_pop int: ctx skb
20 skb_get_tunnel_key int: ctx skb, out key, size size, int flags
21 skb_set_tunnel_key int: ctx skb, in key, size size, int flags
22 perf_event_read uint: map:PERF_EVENT_ARRAY map, int flags
23 redirect int: int ifindex, int flags
24 get_route_realm int: ctx skb
25 perf_event_output int: ctx ctx, map:PERF_EVENT_ARRAY map, int flags, in data, size? size
26 skb_load_bytes int: ctx skb, int offset, out to, size len
27 get_stackid int: ctx ctx, map:STACK_TRACE map, int flags
28 csum_diff int: in? from, size? from_size, in? to, size? to_size, int seed
29 skb_get_tunnel_opt int: ctx skb, out opt, size size
30 skb_set_tunnel_opt int: ctx skb, in opt, size size
31 skb_change_proto int: ctx skb, int proto, int flags
32 skb_change_type int: ctx skb, int type
33 skb_under_cgroup int: ctx skb, map:CGROUP_ARRAY map, int index
34 get_hash_recalc int: ctx skb
35 get_current_task kernel:
36 probe_write_user int: addr dst, in src, size len
37 current_task_under_cgroup int: map:CGROUP_ARRAY map, int index
38 skb_change_tail int: ctx skb, int len, int flags
39 skb_pull_data int: ctx skb, int len
40 csum_update int: ctx skb, int csum
41 set_hash_invalid void: ctx skb
42 get_numa_node_id int:
43 skb_change_head int: ctx skb, int len, int flags
44 xdp_adjust_head int: ctx xdp_md, int delta
45 probe_read_str int: out dst, size? size, addr unsafe_ptr
46 get_socket_cookie uint: ctx skb
47 get_socket_uid int: ctx skb
48 set_hash int: ctx skb, int hash
49 setsockopt int: ctx bpf_socket, int level, int optname, in optval, size optlen
50 skb_adjust_room int: ctx skb, int len_diff, int mode, int flags
51 redirect_map int: map:DEVMAP|DEVMAP_HASH|CPUMAP|XSKMAP map, int key, int flags
52 sk_redirect_map int: ctx skb, map:SOCKMAP map, int key, int flags
53 sock_map_update int: ctx skops, map:SOCKMAP map, key key, int flags
54 xdp_adjust_meta int: ctx xdp_md, int delta
55 perf_event_read_value int: map:PERF_EVENT_ARRAY map, int flags, out buf, size buf_size
56 perf_prog_read_value int: ctx ctx, out buf, size buf_size
57 getsockopt int: ctx bpf_socket, int level, int optname, out optval, size optlen
58 override_return int: ctx regs, int rc
59 sock_ops_cb_flags_set int: ctx bpf_sock, int argval
60 msg_redirect_map int: ctx msg, map:SOCKMAP map, int key, int flags
61 msg_apply_bytes int: ctx msg, int bytes
62 msg_cork_bytes int: ctx msg, int bytes
63 msg_pull_data int: ctx msg, int start, int end, int flags
64 bind int: ctx ctx, in addr, size addr_len
65 xdp_adjust_tail int: ctx xdp_md, int delta
66 skb_get_xfrm_state int: ctx skb, int index, out xfrm_state, size size, int flags
67 get_stack int: ctx ctx, out buf, size? size, int flags
68 skb_load_bytes_relative int: ctx skb, int offset, out to, size len, int start_header
69 fib_lookup int: ctx ctx, inout params, size plen, int flags
70 sock_hash_update int: ctx skops, map:SOCKHASH map, key key, int flags
71 msg_redirect_hash int: ctx msg, map:SOCKHASH map, key key, int flags
72 sk_redirect_hash int: ctx skb, map:SOCKHASH map, key key, int flags
73 lwt_push_encap int: ctx skb, int type, in hdr, size len
74 lwt_seg6_store_bytes int: ctx skb, int offset, in from, size len
75 lwt_seg6_adjust_srh int: ctx skb, int offset, int delta
76 lwt_seg6_action int: ctx skb, int action, in param, size param_len
77 rc_repeat int: ctx ctx
78 rc_keydown int: ctx ctx, int protocol, int scancode, int toggle
79 skb_cgroup_id uint: ctx skb
80 get_current_cgroup_id uint:
81 get_local_storage value: map:CGROUP_STORAGE|PERCPU_CGROUP_STORAGE map, int flags
82 sk_select_reuseport int: ctx reuse, map:REUSEPORT_SOCKARRAY|SOCKMAP|SOCKHASH map, key key, int flags
83 skb_ancestor_cgroup_id uint: ctx skb, int ancestor_level
84 sk_lookup_tcp btf? bpf_sock: ctx ctx, in tuple, size tuple_size, int netns, int flags
85 sk_lookup_udp btf? bpf_sock: ctx ctx, in tuple, size tuple_size, int netns, int flags
86 sk_release int: btf sock
87 map_push_elem int: map:QUEUE|STACK|BLOOM_FILTER map, value value, int flags
88 map_pop_elem int: map:QUEUE|STACK map, into value
89 map_peek_elem int: map:QUEUE|STACK|BLOOM_FILTER map, into value
90 msg_push_data int: ctx msg, int start, int len, int flags
91 msg_pop_data int: ctx msg, int start, int len, int flags
92 rc_pointer_rel int: ctx ctx, int rel_x, int rel_y
93 spin_lock int: lock lock
94 spin_unlock int: lock lock
95 sk_fullsock btf? bpf_sock: btf sk
96 tcp_sock btf? bpf_tcp_sock: btf sk
97 skb_ecn_set_ce int: ctx skb
98 get_listener_sock btf? bpf_sock: btf sk
99 skc_lookup_tcp btf? bpf_sock: ctx ctx, in tuple, size tuple_size, int netns, int flags
100 tcp_check_syncookie int: btf sk, in iph, size iph_len, in th, size th_len
101 sysctl_get_name int: ctx ctx, out buf, size buf_len, int flags
102 sysctl_get_current_value int: ctx ctx, out buf, size buf_len
103 sysctl_get_new_value int: ctx ctx, out buf, size buf_len
104 sysctl_set_new_value int: ctx ctx, in buf, size buf_len
105 strtol int: in buf, size buf_len, int flags, out:8 res
106 strtoul int: in buf, size buf_len, int flags, out:8 res
107 sk_storage_get value?: map:SK_STORAGE map, btf sk, value? value, int flags
108 sk_storage_delete int: map:SK_STORAGE map, btf sk
109 send_signal int: int sig
110 tcp_gen_syncookie int: btf sk, in iph, size iph_len, in th, size th_len
111 skb_output int: btf:sk_buff ctx, map:PERF_EVENT_ARRAY map, int flags, in data, size? size
112 probe_read_user int: out dst, size? size, addr unsafe_ptr
113 probe_read_kernel int: out dst, size? size, addr unsafe_ptr
114 probe_read_user_str int: out dst, size? size, addr unsafe_ptr
115 probe_read_kernel_str int: out dst, size? size, addr unsafe_ptr
116 tcp_send_ack int: btf tp, int rcv_nxt
117 send_signal_thread int: int sig
118 jiffies64 uint:
119 read_branch_records int: ctx ctx, out? buf, size? size, int flags
120 get_ns_current_pid_tgid int: int dev, int ino, out nsdata, size size
121 xdp_output int: btf:xdp_buff ctx, map:PERF_EVENT_ARRAY map, int flags, in data, size? size
122 get_netns_cookie uint: ctx ctx
123 get_current_ancestor_cgroup_id uint: int ancestor_level
124 sk_assign int: ctx skb, btf? sk, int flags
125 ktime_get_boot_ns uint:
126 seq_printf int: btf:seq_file m, in fmt, size fmt_size, in? data, size? data_len
127 seq_write int: btf:seq_file m, in data, size? len
128 sk_cgroup_id uint: btf sk
129 sk_ancestor_cgroup_id uint: btf sk, int ancestor_level
130 ringbuf_output int: map:RINGBUF ringbuf, in data, size? size, int flags
131 ringbuf_reserve record?: map:RINGBUF ringbuf, size size, int flags
132 ringbuf_submit void: record data, int flags
133 ringbuf_discard void: record data, int flags
134 ringbuf_query uint: map:RINGBUF ringbuf, int flags
135 csum_level int: ctx skb, int level
136 skc_to_tcp6_sock btf? tcp6_sock: btf sk
137 skc_to_tcp_sock btf? tcp_sock: btf sk
138 skc_to_tcp_timewait_sock btf? tcp_timewait_sock: btf sk
139 skc_to_tcp_request_sock btf? tcp_request_sock: btf sk
140 skc_to_udp6_sock btf? udp6_sock: btf sk
141 get_task_stack int: btf:task_struct task, out buf, size? size, int flags
142 load_hdr_opt int: ctx skops, inout searchby_res, size len, int flags
143 store_hdr_opt int: ctx skops, in from, size len, int flags
144 reserve_hdr_opt int: ctx skops, int len, int flags
145 inode_storage_get value?: map:INODE_STORAGE map, btf:inode inode, value? value, int flags
146 inode_storage_delete int: map:INODE_STORAGE map, btf:inode inode
147 d_path int: btf:path path, out buf, size? sz
148 copy_from_user int: out dst, size? size, addr user_ptr
149 snprintf_btf int: out str, size str_size, in ptr, size btf_ptr_size, int flags
150 seq_printf_btf int: btf:seq_file m, in ptr, size ptr_size, int flags
151 skb_cgroup_classid uint: ctx skb
152 redirect_neigh int: int ifindex, in? params, size? plen, int flags
153 per_cpu_ptr percpu: percpu percpu_ptr, int cpu
154 this_cpu_ptr percpu: percpu percpu_ptr
155 redirect_peer int: int ifindex, int flags
156 task_storage_get value?: map:TASK_STORAGE map, btf:task_struct task, value? value, int flags
157 task_storage_delete int: map:TASK_STORAGE map, btf:task_struct task
158 get_current_task_btf btf task_struct:
159 bprm_opts_set int: btf:linux_binprm bprm, int flags
160 ktime_get_coarse_ns uint:
161 ima_inode_hash int: btf:inode inode, out dst, size size
162 sock_from_file btf? socket: btf:file file
163 check_mtu int: ctx ctx, int ifindex, inout:4 mtu_len, int len_diff, int flags
164 for_each_map_elem int: map map, fn callback_fn, in? callback_ctx, int flags
165 snprintf int: out? str, size? str_size, str fmt, in? data, size? data_len
166 sys_bpf int: int cmd, inout attr, size attr_size
167 btf_find_by_name_kind int: in name, size name_sz, int kind, int flags
168 sys_close int: int fd
169 timer_init int: timer timer, map map, int flags
170 timer_set_callback int: timer timer, fn callback_fn
171 timer_start int: timer timer, int nsecs, int flags
172 timer_cancel int: timer timer
173 get_func_ip uint: ctx ctx
174 get_attach_cookie uint: ctx ctx
175 task_pt_regs btf pt_regs: btf:task_struct task
176 get_branch_snapshot int: out entries, size? size, int flags
177 trace_vprintk int: in fmt, size fmt_size, in? data, size? data_len
178 skc_to_unix_sock btf? unix_sock: btf sk
179 kallsyms_lookup_name int: in name, size? name_sz, int flags, out:8 res
180 find_vma int: btf:task_struct task, int addr, fn callback_fn, in? callback_ctx, int flags
181 loop int: int nr_loops, fn callback_fn, in? callback_ctx, int flags
182 strncmp int: in s1, size s1_sz, str s2
183 get_func_arg int: ctx ctx, int n, out:8 value
184 get_func_ret int: ctx ctx, out:8 value
185 get_func_arg_cnt int: ctx ctx
186 get_retval int:
187 set_retval int: int retval
188 xdp_get_buff_len uint: ctx xdp_md
189 xdp_load_bytes int: ctx xdp_md, int offset, out buf, size len
190 xdp_store_bytes int: ctx xdp_md, int offset, in buf, size len
191 copy_from_user_task int: out dst, size? size, addr user_ptr, btf:task_struct tsk, int flags
192 skb_set_tstamp int: ctx skb, int tstamp, int tstamp_type
193 ima_file_hash int: btf:file file, out dst, size size
194 kptr_xchg kptr: kptr map_value, btf? ptr
195 map_lookup_percpu_elem value?: map:PERCPU_HASH|PERCPU_ARRAY|LRU_PERCPU_HASH map, key key, int cpu
196 skc_to_mptcp_sock btf? mptcp_sock: btf sk
197 dynptr_from_mem int: kept data, size? size, int flags, dynptr ptr
198 ringbuf_reserve_dynptr int: map:RINGBUF ringbuf, int size, int flags, dynptr ptr
199 ringbuf_submit_dynptr void: dynptr ptr, int flags
200 ringbuf_discard_dynptr void: dynptr ptr, int flags
201 dynptr_read int: out dst, size? len, dynptr src, int offset, int flags
202 dynptr_write int: dynptr dst, int offset, in src, size? len, int flags
203 dynptr_data bytes?: dynptr ptr, int offset, int len
204 tcp_raw_gen_syncookie_ipv4 int: in:20 iph, in th, size? th_len
205 tcp_raw_gen_syncookie_ipv6 int: in:40 iph, in th, size? th_len
206 tcp_raw_check_syncookie_ipv4 int: in:20 iph, in:20 th
207 tcp_raw_check_syncookie_ipv6 int: in:40 iph, in:20 th
208 ktime_get_tai_ns uint:
209 user_ringbuf_drain int: map:USER_RINGBUF map, fn callback_fn, in? ctx, int flags
210 cgrp_storage_get value?: map:CGRP_STORAGE map, btf:cgroup cgroup, value? value, int flags
211 cgrp_storage_delete int: map:CGRP_STORAGE map, btf:cgroup cgroup
"""
