// SPDX-License-Identifier: MIT
// Exports a function for ms_user.
#include <linux/module.h>

int ms_export_value(int base);

int ms_export_value(int base)
{
	return base + 1;
}
EXPORT_SYMBOL_GPL(ms_export_value);

MODULE_DESCRIPTION("Exports ms_export_value");
MODULE_LICENSE("Dual MIT/GPL");
