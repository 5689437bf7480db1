// SPDX-License-Identifier: MIT
// Declares a licence the kernel does not count as free, which taints it.
#include <linux/module.h>

MODULE_DESCRIPTION("Taints the kernel");
MODULE_LICENSE("Proprietary");
