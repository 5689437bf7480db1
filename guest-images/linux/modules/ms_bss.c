// SPDX-License-Identifier: MIT
// A small file that asks for much memory: 6 MiB of .bss, more than one page of page pointers.
#include <linux/module.h>

static char big[6 << 20];

static int __init bss_init(void)
{
	WRITE_ONCE(big[sizeof(big) - 1], 1);
	return 0;
}

static void __exit bss_exit(void)
{
}

module_init(bss_init);
module_exit(bss_exit);
MODULE_DESCRIPTION("Huge .bss");
MODULE_LICENSE("Dual MIT/GPL");
