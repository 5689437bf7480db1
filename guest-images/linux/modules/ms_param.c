// SPDX-License-Identifier: MIT
// Parameters of several kinds, to be given good and bad values.
#include <linux/module.h>

static int level = 1;
module_param(level, int, 0444);

static bool flag;
module_param(flag, bool, 0444);

static char *name = "none";
module_param(name, charp, 0444);

static char letters[8] = "abc";
module_param_string(letters, letters, sizeof(letters), 0444);

static unsigned short numbers[4];
static int numbers_given;
module_param_array(numbers, ushort, &numbers_given, 0444);

MODULE_DESCRIPTION("Parameters");
MODULE_LICENSE("Dual MIT/GPL");
