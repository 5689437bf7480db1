// SPDX-License-Identifier: MIT
/** The shell script of `modstorm record`, and how to use it while a machine boots. */

export const RECORD_SCRIPT = `#!/bin/sh
# Records what the module loader of this machine does, for "modstorm import".
# usage: sh record.sh [SECONDS] [DIRECTORY]   as root; Ctrl-C or the end of SECONDS (default 60)
# ends the trace. Needs a POSIX shell and tracefs; what is missing is left out and said.
set -u
seconds=\${1:-60}
where=\${2:-.}
case $seconds in *[!0-9]*|'') echo "record: SECONDS must be a number, found $seconds" >&2; exit 2;; esac
[ "$(id -u)" = 0 ] || { echo "record: run it as root" >&2; exit 2; }
name=modstorm-$(uname -n)-$(date +%Y%m%d-%H%M%S)
dir=$where/$name
umask 077
mkdir -p "$dir" || exit 2
say() { echo "record: $*" >&2; echo "$*" >> "$dir/record.log"; }
take() { # take FILE AS: a file as it is, if it can be read
  if [ -r "$1" ] && cat "$1" > "$dir/$2" 2>/dev/null; then :; else rm -f "$dir/$2"; say "no $1"; fi
}

release=$(uname -r)
{
  echo "modstorm-record version: 1"
  echo "modstorm-record release: $release"
  echo "modstorm-record machine: $(uname -m)"
  echo "modstorm-record cpus: $(grep -c '^processor' /proc/cpuinfo 2>/dev/null || echo 0)"
  echo "modstorm-record cmdline: $(cat /proc/cmdline 2>/dev/null)"
} > "$dir/machine.txt"

# Addresses are shown to root with kptr_restrict 0 or 1 only.
kptr=/proc/sys/kernel/kptr_restrict
old_kptr=$(cat $kptr 2>/dev/null || echo 0)
[ "$old_kptr" = 2 ] && echo 1 > $kptr 2>/dev/null
take /proc/vmallocinfo vmallocinfo-before.txt

trace=/sys/kernel/tracing
[ -d $trace/events ] || mount -t tracefs nodev $trace 2>/dev/null
[ -d $trace/events ] || trace=/sys/kernel/debug/tracing
bpf=
running=
clean() {
  trap '' INT TERM
  [ -n "$bpf" ] && kill "$bpf" 2>/dev/null && wait "$bpf" 2>/dev/null
  if [ -n "$running" ]; then
    for event in $events; do echo 0 > "$trace/events/$event/enable" 2>/dev/null; done
    cat $trace/trace > "$dir/trace.txt" 2>/dev/null || say "the trace cannot be read"
    echo "$old_size" > $trace/buffer_size_kb 2>/dev/null
    running=
  fi
}
events="module vmalloc syscalls/sys_enter_finit_module syscalls/sys_exit_finit_module
syscalls/sys_enter_init_module syscalls/sys_exit_init_module
syscalls/sys_enter_delete_module syscalls/sys_exit_delete_module"
if [ -d $trace/events ]; then
  old_size=$(sed 's/ .*//' $trace/buffer_size_kb)
  if [ "\${MODSTORM_BOOT:-}" = "" ]; then echo > $trace/trace; echo 16384 > $trace/buffer_size_kb; fi
  for event in $events; do
    echo 1 > "$trace/events/$event/enable" 2>/dev/null || say "no trace event $event"
  done
  echo 1 > $trace/tracing_on
  running=1
else
  say "no tracefs"
fi
if [ -z "$running" ] && command -v bpftrace > /dev/null 2>&1; then
  bpftrace -e '
tracepoint:module:module_load { printf("%llu %d %d %s module_load %s\\n", nsecs, cpu, tid, comm, str(args->name)); }
tracepoint:module:module_free { printf("%llu %d %d %s module_free %s\\n", nsecs, cpu, tid, comm, str(args->name)); }
tracepoint:syscalls:sys_enter_finit_module { printf("%llu %d %d %s sys_enter_finit_module fd=%d flags=%d\\n", nsecs, cpu, tid, comm, args->fd, args->flags); }
tracepoint:syscalls:sys_exit_finit_module { printf("%llu %d %d %s sys_exit_finit_module ret=%d\\n", nsecs, cpu, tid, comm, args->ret); }
tracepoint:syscalls:sys_enter_delete_module { printf("%llu %d %d %s sys_enter_delete_module name=%s flags=%d\\n", nsecs, cpu, tid, comm, str(args->name_user), args->flags); }
tracepoint:syscalls:sys_exit_delete_module { printf("%llu %d %d %s sys_exit_delete_module ret=%d\\n", nsecs, cpu, tid, comm, args->ret); }
' > "$dir/bpftrace.txt" 2>> "$dir/record.log" &
  bpf=$!
fi
trap 'clean' INT TERM
if [ "\${MODSTORM_BOOT:-}" = "" ] && [ "$seconds" -gt 0 ]; then
  say "recording for $seconds seconds"
  sleep "$seconds" &
  wait $!
fi
clean

take /proc/modules modules.txt
take /proc/vmallocinfo vmallocinfo-after.txt
take /proc/meminfo meminfo.txt
mountpoint -q /sys/kernel/debug 2>/dev/null || mount -t debugfs nodev /sys/kernel/debug 2>/dev/null
take /sys/kernel/debug/modules/stats stats.txt
[ "$old_kptr" = 2 ] && echo 2 > $kptr 2>/dev/null
find /sys/devices -name modalias -exec cat {} + 2>/dev/null | sort > "$dir/modaliases.txt"
(dmesg 2>/dev/null || cat /proc/kmsg) 2>/dev/null |
  grep -E -i 'modul|vmalloc|vmap|execmem|request_module|Linux version|Command line|Brought up|Memory:|ELF|symbol|decompress|percpu' > "$dir/kernel-log.txt"
if [ -r /proc/config.gz ]; then zcat /proc/config.gz > "$dir/config.txt" 2>/dev/null
else take "/boot/config-$release" config.txt; fi
for part in dep alias softdep builtin order; do
  take "/lib/modules/$release/modules.$part" "modules.$part"
done
cat /etc/modprobe.d/*.conf /run/modprobe.d/*.conf /lib/modprobe.d/*.conf 2>/dev/null > "$dir/modprobe-conf.txt"
find "/lib/modules/$release" -name '*.ko*' -exec ls -lL {} + 2>/dev/null |
  awk '{ print "module-file " $5 " " $NF }' > "$dir/module-files.txt"
find "$dir" -size 0 -exec rm -f {} +

tar -C "$where" -cf - "$name" | gzip > "$where/$name.tar.gz" && rm -r "$dir"
echo "record: wrote $where/$name.tar.gz; next: modstorm import $name.tar.gz -o scenario.json" >&2
`;

export const RECORD_BOOT = `Recording a boot from its first second

1. Add to the kernel's command line (in the boot loader, for one boot):

     trace_event=module:*,vmalloc:*,syscalls:sys_enter_finit_module,syscalls:sys_exit_finit_module,syscalls:sys_enter_init_module,syscalls:sys_exit_init_module,syscalls:sys_enter_delete_module,syscalls:sys_exit_delete_module trace_buf_size=64M

   This needs CONFIG_TRACING, CONFIG_EVENT_TRACING and, for the system calls,
   CONFIG_FTRACE_SYSCALLS; the vmalloc events exist since Linux 6.2. Distribution kernels have all
   of these. 64 MiB for each CPU hold some 600,000 events; take less on a small machine.
   For the log of udev add udev.log_level=debug (journalctl -b -o short-monotonic -u systemd-udevd).

2. When the machine is up, as root:

     modstorm record > record.sh
     MODSTORM_BOOT=1 sh record.sh

   MODSTORM_BOOT keeps what was traced since the start instead of tracing anew.

3. In the initramfs, where nothing is installed yet: the script needs a shell, cat, sed, find, grep,
   awk, sort, tar and gzip; busybox has them. Put it there (dracut --include, or a hook of
   initramfs-tools) and give it a directory that outlives the switch: sh record.sh 30 /run.

4. modstorm import modstorm-HOST-DATE.tar.gz -o scenario.json
   modstorm compare --own scenario.json
`;
