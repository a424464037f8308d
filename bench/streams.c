// What bench/streams does in C: a reader with libbpf, the copy of memory that bounds all readers,
// and a producer that keeps to a rate. Records begin with a number; that of the last one is 0.

#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct taken {
	__u64 records, total, ns;
};

struct order {
	__u64 records, meaning;
};

enum { SERIAL, TIME, LAST };

struct reading {
	struct taken taken;
	__u64 *late;
	int ended;
};

static __u64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static int each(void *context, void *data, size_t size)
{
	struct reading *reading = context;
	__u64 n = *(__u64 *)data;

	if (reading->late && n)
		reading->late[reading->taken.records] = now() - n;
	reading->taken.records++;
	reading->taken.total += n;
	if (!n)
		reading->ended = 1;
	return 0;
}

// Read a ring to the last record; how long after its time each came goes to `late`, if given.
int read_ring(int fd, struct taken *taken, __u64 *late)
{
	struct reading reading = {.late = late};
	struct ring_buffer *ring = ring_buffer__new(fd, each, &reading, NULL);
	__u64 begin = now();

	if (!ring)
		return -1;
	ring_buffer__consume(ring);
	while (!reading.ended)
		ring_buffer__poll(ring, -1);
	reading.taken.ns = now() - begin;
	*taken = reading.taken;
	ring_buffer__free(ring);
	return 0;
}

// Copy the records of a ring, then, outside the measured time, look at the copy.
void copy_ring(const char *data, __u64 size, char *copy, struct taken *taken)
{
	__u64 begin = now();

	memcpy(copy, data, size);
	__asm__ volatile("" : : "r"(copy) : "memory");
	*taken = (struct taken){.ns = now() - begin};
	for (__u64 at = 0; at < size; at += 8 + (*(__u32 *)(copy + at) + 7 & ~7)) {
		taken->records++;
		taken->total += *(__u64 *)(copy + at + 8);
	}
}

static int run(int program, struct order order)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &order, .ctx_size_in = sizeof(order));

	return !bpf_prog_test_run_opts(program, &options) && options.retval;
}

// Have the program send `burst` records each period, then the last one: how long, without that one.
__u64 produce(int program, int cpu, __u64 meaning, __u64 burst, __u64 period_ns, __u64 runs)
{
	__u64 begin, next, end;
	int tries = 10000;

	pin(cpu);
	begin = next = now();
	while (runs--) {
		next += period_ns;
		while (now() < next)
			;
		run(program, (struct order){burst, meaning});
	}
	end = now();
	// A full ring has no room for it before its reader made some.
	while (!run(program, (struct order){1, LAST}) && tries--)
		usleep(1000);
	return end - begin;
}

// Keep a CPU from halting while it has nothing else to do.
void stay_awake(int cpu, const volatile int *stop)
{
	struct sched_param none = {0};

	pin(cpu);
	sched_setscheduler(0, SCHED_IDLE, &none);
	while (!*stop)
		;
}
