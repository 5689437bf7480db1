// SPDX-License-Identifier: MIT
// Calls request_module() from the process that writes a name to
// /sys/module/ms_request/parameters/wait or .../nowait, so that the caller can be signalled.
// The result goes to the kernel log: "ms_request: wait NAME = VALUE".
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/string.h>

static int request(const char *text, const struct kernel_param *param)
{
	bool wait = param->arg != NULL;
	char name[256];
	int ret;

	strscpy(name, text, sizeof(name));
	name[strcspn(name, "\n")] = 0;
	// Requests of several processes are to be under way at once.
	kernel_param_unlock(THIS_MODULE);
	ret = __request_module(wait, "%s", name);
	kernel_param_lock(THIS_MODULE);
	pr_info("ms_request: %s %s = %d\n", wait ? "wait" : "nowait", name, ret);
	return 0;
}

static int is_wait;
static const struct kernel_param_ops request_ops = { .set = request };
module_param_cb(wait, &request_ops, &is_wait, 0200);
module_param_cb(nowait, &request_ops, NULL, 0200);

static int __init request_init(void)
{
	return 0;
}

static void __exit request_exit(void)
{
}

module_init(request_init);
module_exit(request_exit);
MODULE_DESCRIPTION("request_module on request");
MODULE_LICENSE("Dual MIT/GPL");
