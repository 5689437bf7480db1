// SPDX-License-Identifier: MIT
// Has memory of all seven types, three pages of it read-only after init.
#include <linux/module.h>

static int settings[3072] __ro_after_init = { 1, 2, 3 };
static const int constants[2048] = { 4, 5, 6 };
static const int start_constants[1024] __initconst = { 7, 8, 9 };
static int start_values[1024] __initdata = { 10, 11 };
static int values[1024] = { 12 };

static int __init ro_init(void)
{
	int i = start_values[1] & 1;

	settings[i] = start_constants[i] + constants[i];
	WRITE_ONCE(values[i], settings[i]);
	return 0;
}

static void __exit ro_exit(void)
{
	WRITE_ONCE(values[0], settings[1] + constants[1]);
}

module_init(ro_init);
module_exit(ro_exit);
MODULE_DESCRIPTION("Read-only after init");
MODULE_LICENSE("Dual MIT/GPL");
