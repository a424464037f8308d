// Load an object with libbpf, attach its program, print records of its ring: a line per exec.

#include <bpf/libbpf.h>
#include <stdio.h>

struct exec {
	__u32 pid;
	__u32 ppid;
	char comm[16];
	char filename[512];
};

static int show(void *context, void *data, size_t size)
{
	const struct exec *e = data;

	(void)context;
	(void)size;
	printf("%u %u %s %s\n", e->pid, e->ppid, e->comm, e->filename);
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *object = argc == 2 ? bpf_object__open_file(argv[1], NULL) : NULL;
	struct bpf_program *program;
	struct ring_buffer *ring;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!object || bpf_object__load(object))
		return 1;
	program = bpf_object__find_program_by_name(object, "on_exec");
	ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "events"), show, NULL, NULL);
	if (!program || !ring || !bpf_program__attach(program))
		return 1;
	while (ring_buffer__poll(ring, -1) >= 0)
		;
	return 1;
}
