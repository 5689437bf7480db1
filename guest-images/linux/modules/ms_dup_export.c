// SPDX-License-Identifier: MIT
// Exports the same name as ms_export: whichever comes second is refused.
#include <linux/module.h>

int ms_export_value(int base);

int ms_export_value(int base)
{
	return base + 2;
}
EXPORT_SYMBOL_GPL(ms_export_value);

MODULE_DESCRIPTION("Exports ms_export_value again");
MODULE_LICENSE("Dual MIT/GPL");
