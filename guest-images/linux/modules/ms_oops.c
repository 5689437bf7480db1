// SPDX-License-Identifier: MIT
// Its init writes where nothing is mapped.
#include <linux/module.h>

static int __init crash_init(void)
{
	int *volatile nowhere = NULL;

	*nowhere = 1;
	return 0;
}

static void __exit crash_exit(void)
{
}

module_init(crash_init);
module_exit(crash_exit);
MODULE_DESCRIPTION("Crashes in init");
MODULE_LICENSE("Dual MIT/GPL");
