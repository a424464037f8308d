// Objects of the program's own, in a list that hangs on a map's value.
// vm refuses: no kernel function
// differs: buckets
// run: push data=00*64 = 33
#include "common.h"

#define CONTAINS(type, node) __attribute__((btf_decl_tag("contains:" #type ":" #node)))

struct bpf_list_head {
    u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_list_node {
    u64 opaque[3];
} __attribute__((aligned(8)));

struct item {
    struct bpf_list_node node;
    u32 value;
};

struct bucket {
    struct bpf_spin_lock lock;
    struct bpf_list_head items CONTAINS(item, node);
};

extern void *bpf_obj_new_impl(u64 type, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *item, void *meta) __ksym;
extern int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node,
                                   void *meta, u64 offset) __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, struct bucket);
} buckets SEC(".maps");

SEC("tc")
int push(struct __sk_buff *skb)
{
    u32 key = 0, value = 0;
    struct bucket *bucket = bpf_map_lookup_elem(&buckets, &key);
    struct bpf_list_node *node;
    struct item *item;

    if (!bucket)
        return 1;
    item = bpf_obj_new_impl(__builtin_btf_type_id(*(struct item *)0, 0), 0);
    if (!item)
        return 2;
    item->value = 33;
    bpf_spin_lock(&bucket->lock);
    bpf_list_push_back_impl(&bucket->items, &item->node, 0, 0);
    node = bpf_list_pop_front(&bucket->items);
    bpf_spin_unlock(&bucket->lock);
    if (!node)
        return 3;
    item = (struct item *)node;
    value = item->value;
    bpf_obj_drop_impl(item, 0);
    return value;
}
