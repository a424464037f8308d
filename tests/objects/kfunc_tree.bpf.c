// Objects of the program's own in a tree, in an order that a function of the program decides.
// vm refuses: no kernel function
// differs: .data.tree
// run: push data=00*64 = 21
#include "common.h"

#define CONTAINS(type, node) __attribute__((btf_decl_tag("contains:" #type ":" #node)))

struct bpf_rb_root {
    u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_rb_node {
    u64 opaque[4];
} __attribute__((aligned(8)));

struct item {
    struct bpf_rb_node node;
    u32 value;
};

extern void *bpf_obj_new_impl(u64 type, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *item, void *meta) __ksym;
extern int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
                               _Bool (*less)(struct bpf_rb_node *a, const struct bpf_rb_node *b),
                               void *meta, u64 offset) __ksym;
extern struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __ksym;
extern struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root,
                                             struct bpf_rb_node *node) __ksym;

struct bpf_spin_lock lock SEC(".data.tree");
struct bpf_rb_root tree CONTAINS(item, node) SEC(".data.tree");

static _Bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
    return ((struct item *)a)->value < ((struct item *)b)->value;
}

SEC("tc")
int push(struct __sk_buff *skb)
{
    u32 value;
    struct bpf_rb_node *node;
    struct item *item;

    for (u32 i = 0; i < 2; i++) {
        item = bpf_obj_new_impl(__builtin_btf_type_id(*(struct item *)0, 0), 0);
        if (!item)
            return 1;
        item->value = 42 >> i;
        bpf_spin_lock(&lock);
        bpf_rbtree_add_impl(&tree, &item->node, less, 0, 0);
        bpf_spin_unlock(&lock);
    }
    bpf_spin_lock(&lock);
    node = bpf_rbtree_first(&tree);
    if (!node) {
        bpf_spin_unlock(&lock);
        return 2;
    }
    node = bpf_rbtree_remove(&tree, node);
    bpf_spin_unlock(&lock);
    if (!node)
        return 3;
    item = (struct item *)node;
    value = item->value;
    bpf_obj_drop_impl(item, 0);
    return value;
}
