// SPDX-License-Identifier: MIT
// Needs ms_export; holds it while loaded.
#include <linux/module.h>

int ms_export_value(int base);

static int __init user_init(void)
{
	return ms_export_value(-1);
}

static void __exit user_exit(void)
{
}

module_init(user_init);
module_exit(user_exit);
MODULE_DESCRIPTION("Uses ms_export_value");
MODULE_LICENSE("Dual MIT/GPL");
