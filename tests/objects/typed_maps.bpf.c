// Maps, streams and variables of many types, for handles that know only what BTF says.
// libbpf refuses: failed to create
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum state { IDLE, BUSY, GONE = 9 };

struct key {
    __u32 id;
    char name[16];
};

struct flow {
    __u64 packets;
    enum state state;
    _Bool known;
    __u8 mac[6];
    __u16 flags : 3, level : 5;
    union {
        __be32 v4;
        __u8 v6[16];
    };
};

struct event {
    int pid;
    char comm[16];
    struct key at[2];
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 16);
    __type(key, struct key);
    __type(value, struct flow);
} flows SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, struct event);
} table SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 4);
    __type(key, char[8]);
    __type(value, __u64);
} counts SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4);
    __uint(key_size, 4);
    __uint(value_size, 8);
} plain SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_QUEUE);
    __uint(max_entries, 4);
    __type(value, enum state);
} jobs SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
    __type(value, struct event);
} typed SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} untyped SEC(".maps");

const volatile int limit = 7;
const volatile char label[8] = "kring";
enum state mode = BUSY;
struct key last;
__u64 runs;
static volatile __u32 own SEC(".data.own") = 3;

SEC("raw_tp/sched_switch")
int on_switch(void *ctx)
{
    return 0;
}

SEC("syscall")
int fill(void *ctx)
{
    struct key key = {.id = 1, .name = "one"};
    struct flow flow = {.packets = limit, .state = mode, .known = 1, .flags = 5, .level = 9};
    char text[8] = "cpu";
    __u64 one = 1;
    __u32 zero = 0;
    struct event *e;

    flow.mac[5] = 0xff;
    flow.v6[0] = 127;
    flow.v6[3] = 1;
    bpf_map_update_elem(&flows, &key, &flow, 0);
    bpf_map_update_elem(&counts, text, &one, 0);
    bpf_map_push_elem(&jobs, &mode, 0);
    e = bpf_map_lookup_elem(&table, &zero);
    if (e) {
        e->pid = 42;
        e->comm[0] = label[0];
        e->at[1].id = own;
        bpf_ringbuf_output(&typed, e, sizeof(*e), 0);
        bpf_ringbuf_output(&untyped, e, sizeof(*e), 0);
    }
    bpf_map_update_elem(&plain, &zero, &one, 0);
    last = key;
    runs++;
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
