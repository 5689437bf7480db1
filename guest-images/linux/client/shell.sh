# SPDX-License-Identifier: MIT
# BusyBox's shell prefers its own applets of these names to the programs in /sbin.
modprobe() { /sbin/modprobe "$@"; }
insmod() { /sbin/insmod "$@"; }
rmmod() { /sbin/rmmod "$@"; }
lsmod() { /sbin/lsmod "$@"; }
modinfo() { /sbin/modinfo "$@"; }
depmod() { echo 'depmod: the model has its own index of the modules' >&2; return 1; }
