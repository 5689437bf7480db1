// SPDX-License-Identifier: MIT
// While it is loaded, threads of the kernel's test driver (lib/test_kmod.c) run under SCHED_FIFO. They
// then go before whoever makes them, and those that wake together run in the order in which they were
// woken; the fair scheduler's order hangs on nanoseconds.
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <uapi/linux/sched/types.h>

#define KTHREADD 2

static struct tracepoint *waking, *request;
static struct task_struct *kthreadd;

static void first_come(void)
{
	if (in_interrupt() || current->policy != SCHED_NORMAL) return;
	if (strncmp(current->comm, "test_kmod-", 10) == 0) sched_set_fifo_low(current);
}

// A new thread tells its maker that it is there by waking it, if that sleeps already, after kthread()
// has reset its policy (kernel/kthread.c).
static void on_waking(void *data, struct task_struct *woken)
{
	first_come();
}

// At the latest before it waits for an answer.
static void on_request(void *data, char *name, bool wait, unsigned long ip)
{
	first_come();
}

static void find(struct tracepoint *point, void *data)
{
	if (strcmp(point->name, "sched_waking") == 0) waking = point;
	if (strcmp(point->name, "module_request") == 0) request = point;
}

static void set_policy(struct task_struct *task, unsigned int policy)
{
	const struct sched_attr attr = { .size = sizeof(attr), .sched_policy = policy };

	sched_setattr_nocheck(task, &attr);
}

static int __init threads_init(void)
{
	kthreadd = get_pid_task(find_get_pid(KTHREADD), PIDTYPE_PID);
	for_each_kernel_tracepoint(find, NULL);
	if (!kthreadd || !waking || !request) return -ENOENT;
	// A maker under SCHED_IDLE comes to its sleep before kthreadd makes the thread.
	set_policy(kthreadd, SCHED_IDLE);
	return tracepoint_probe_register(waking, on_waking, NULL)
		?: tracepoint_probe_register(request, on_request, NULL);
}

static void __exit threads_exit(void)
{
	tracepoint_probe_unregister(request, on_request, NULL);
	tracepoint_probe_unregister(waking, on_waking, NULL);
	tracepoint_synchronize_unregister();
	set_policy(kthreadd, SCHED_NORMAL);
	put_task_struct(kthreadd);
}

module_init(threads_init);
module_exit(threads_exit);
MODULE_DESCRIPTION("threads of test_kmod run first come first served");
MODULE_LICENSE("Dual MIT/GPL");
