// Load an object with libbpf, read its perf buffer while a child on each CPU runs its program.
// perfbuf OBJECT PAGES RUNS PAUSE_US WAKEUP_EVENTS: received, lost, the reader's CPU time in ns.

#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct sent {
	__u32 cpu;
	__u64 n;
	char text[48];
};

static unsigned long long received, lost, sum;

static enum bpf_perf_event_ret each(void *context, int cpu, struct perf_event_header *event)
{
	const struct {
		struct perf_event_header header;
		__u32 size;
		char data[];
	} *sample = (void *)event;

	if (event->type == PERF_RECORD_SAMPLE) {
		const struct sent *s = (const void *)sample->data;

		received++;
		sum += s->n + s->text[0];
	}
	return LIBBPF_PERF_EVENT_CONT;
}

static void produce(int fd, int cpu, long runs, long pause)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (long i = 0; i < runs; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, options);

		bpf_prog_test_run_opts(fd, &options);
		if (pause)
			usleep(pause);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	struct bpf_object *object = argc == 6 ? bpf_object__open_file(argv[1], NULL) : NULL;
	int left = sysconf(_SC_NPROCESSORS_ONLN);
	struct bpf_program *program;
	struct timespec time;

	if (!object || bpf_object__load(object))
		return 1;
	program = bpf_object__find_program_by_name(object, "send");

	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.wakeup_events = atoi(argv[5]),
	};
	struct perf_buffer *buffer = perf_buffer__new_raw(
		bpf_object__find_map_fd_by_name(object, "events"), atoi(argv[2]), &attr, each, NULL, NULL);
	if (!program || !buffer)
		return 1;
	for (int cpu = 0; cpu < left; cpu++)
		if (!fork())
			produce(bpf_program__fd(program), cpu, atol(argv[3]), atol(argv[4]));
	while (left) {
		perf_buffer__poll(buffer, 10);
		while (left && waitpid(-1, NULL, WNOHANG) > 0)
			left--;
	}
	perf_buffer__consume(buffer);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	printf("%llu %llu %lld\n", received, lost, time.tv_sec * 1000000000LL + time.tv_nsec);
	return 0;
}
