// How kring counts the records that find no room: per CPU, atomically, where it fails only.

#ifdef NO_COUNTER
static inline void count_drop(void) {}
#else
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} drops SEC(".maps");

static inline void count_drop(void)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&drops, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
}
#endif
