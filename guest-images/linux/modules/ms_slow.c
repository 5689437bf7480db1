// SPDX-License-Identifier: MIT
// Takes its time to start and to stop, and starts with the result it is told to.
#include <linux/delay.h>
#include <linux/module.h>

static int ms = 200;
module_param(ms, int, 0);
MODULE_PARM_DESC(ms, "milliseconds init sleeps");

static int exit_ms;
module_param(exit_ms, int, 0);
MODULE_PARM_DESC(exit_ms, "milliseconds exit sleeps");

static int ret;
module_param(ret, int, 0);
MODULE_PARM_DESC(ret, "return value of init");

static int __init slow_init(void)
{
	msleep(ms);
	return ret;
}

static void __exit slow_exit(void)
{
	if (exit_ms)
		msleep(exit_ms);
}

module_init(slow_init);
module_exit(slow_exit);
MODULE_DESCRIPTION("Slow init and exit");
MODULE_LICENSE("Dual MIT/GPL");
