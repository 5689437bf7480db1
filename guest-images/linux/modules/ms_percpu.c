// SPDX-License-Identifier: MIT
// Static per-CPU data: taken from the kernel's per-CPU area, not from module memory.
#include <linux/module.h>
#include <linux/percpu.h>

static DEFINE_PER_CPU(unsigned long, counter);
static DEFINE_PER_CPU_ALIGNED(char[2048], table);

static int __init percpu_init(void)
{
	this_cpu_inc(counter);
	this_cpu_write(table[1], 1);
	return 0;
}

static void __exit percpu_exit(void)
{
}

module_init(percpu_init);
module_exit(percpu_exit);
MODULE_DESCRIPTION("Per-CPU data");
MODULE_LICENSE("Dual MIT/GPL");
