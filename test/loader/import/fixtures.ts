// SPDX-License-Identifier: MIT
/** One text of each kind, as its tool prints it; written for these tests. */

const MODULE = '/lib/modules/6.1.0-18-amd64/kernel/drivers/block/loop.ko';

export interface Fixture {
  /** Name of the format that is to take it. */
  readonly format: string;
  readonly text: string;
  /** Calls and requests in it: op, target, ret. */
  readonly requests?: readonly (readonly [op: string, target: string, ret?: number])[];
  /** Ids of the messages that are to be found. */
  readonly messages?: readonly string[];
}

export const FIXTURES: Readonly<Record<string, Fixture>> = {
  'ftrace trace': {
    format: 'ftrace',
    text: `# tracer: nop
#
# entries-in-buffer/entries-written: 6/6   #P:4
#
#                                _-----=> irqs-off/BH-disabled
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
   (udev-worker)-265     [002] .....     2.111111: sys_finit_module(fd: f, uargs: 7f5, flags: 4)
   (udev-worker)-265     [002] .....     2.111311: alloc_vmap_area: va_start: 18446744072637906944 size=24576 align=4096 vstart=0xffffffffc0000000 vend=0xffffffffff000000 failed=0
   (udev-worker)-265     [002] .....     2.112311: module_load: loop OE
   (udev-worker)-265     [002] .....     2.113311: sys_finit_module -> 0x0
 kworker/u8:3-77      [001] .....     2.120000: module_request: net-pf-10 wait=1 call_site=inet_create
CPU:1 [LOST 12 EVENTS]
          modprobe-270     [000] d..2.     2.130000: sys_delete_module(name_user: 55, flags: 800)
          modprobe-270     [000] .....     2.131000: module_free: loop
          modprobe-270     [000] .....     2.132000: sys_delete_module -> 0xfffffffffffffff5
`,
    requests: [
      ['finit_module', 'loop', 0],
      ['request_module', 'net-pf-10'],
      ['delete_module', 'loop', -11],
    ],
  },
  'trace-cmd report': {
    format: 'ftrace',
    text: `cpus=4
           modprobe-1234  [001]   100.000001: sys_enter_finit_module: fd: 0x00000003, uargs: 0x55, flags: 0x00000000
           modprobe-1234  [001]   100.000501: module_load:          dummy
           modprobe-1234  [001]   100.001001: sys_exit_finit_module: 0x0
           modprobe-1234  [001] .....   100.002001: module:module_free:          dummy
`,
    requests: [['finit_module', 'dummy', 0]],
  },
  'perf script': {
    format: 'perf-script',
    text: `# captured on    : Tue Dec  1 00:00:00 2026
modprobe  1234 [001]   100.000001: syscalls:sys_enter_finit_module: fd: 0x00000003, uargs: 0x55d0, flags: 0x00000004
modprobe  1234 [001]   100.000501:            module:module_load: dummy
modprobe  1234 [001]   100.001001:  syscalls:sys_exit_finit_module: 0xffffffffffffffef
\tffffffff8111 do_syscall_64+0x1 ([kernel.kallsyms])
`,
    requests: [['finit_module', 'dummy', -17]],
  },
  'perf trace': {
    format: 'perf-trace',
    text: `     0.000 ( 0.512 ms): modprobe/991 finit_module(fd: 3</lib/modules/6.1/kernel/a.ko>, uargs: "", flags: 0)           = 0
     9.120 ( 0.010 ms): modprobe/991 close(fd: 3)                                          = 0
    12.000 ( 0.112 ms): rmmod/992 delete_module(name_user: "a", flags: 2048)                 = 0
`,
    requests: [
      ['finit_module', '/lib/modules/6.1/kernel/a.ko', 0],
      ['delete_module', 'a', 0],
    ],
  },
  bpftrace: {
    format: 'bpftrace',
    text: `Attaching 6 probes...
1000000000 1 501 modprobe sys_enter_finit_module fd=3 flags=0
1000400000 1 501 modprobe module_load dummy
1000900000 1 501 modprobe sys_exit_finit_module ret=0
`,
    requests: [['finit_module', 'dummy', 0]],
  },
  'strace -f': {
    format: 'strace',
    text: `strace: Process 501 attached
[pid   501] openat(AT_FDCWD, "${MODULE}", O_RDONLY|O_CLOEXEC) = 3
[pid   501] finit_module(3, "max_loop=8", 0 <unfinished ...>
[pid   502] openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 4
[pid   501] <... finit_module resumed>) = 0
[pid   501] +++ exited with 0 +++
[pid   502] delete_module("loop", O_NONBLOCK) = -1 EWOULDBLOCK (Resource temporarily unavailable)
`,
    requests: [
      ['finit_module', MODULE, 0],
      ['delete_module', 'loop', -11],
    ],
  },
  'strace -f -ttt -T -y': {
    format: 'strace',
    text: `501   1700000000.100000 openat(AT_FDCWD</root>, "${MODULE}", O_RDONLY) = 3<${MODULE}> <0.000020>
501   1700000000.100100 finit_module(3<${MODULE}>, "", 0) = 0 <0.001500>
501   1700000000.200000 finit_module(3<${MODULE}>, "", 0) = -1 EEXIST (File exists) <0.000100>
`,
    requests: [
      ['finit_module', MODULE, 0],
      ['finit_module', MODULE, -17],
    ],
  },
  'strace -tt': {
    format: 'strace',
    text: `23:59:59.900000 open("${MODULE}", O_RDONLY|O_CLOEXEC) = 3
23:59:59.950000 init_module(0x7f00, 40960, "") = 0
00:00:00.050000 delete_module("loop", O_NONBLOCK|O_TRUNC) = 0
`,
    requests: [
      ['init_module', MODULE, 0],
      ['delete_module', 'loop', 0],
    ],
  },
  'strace -r': {
    format: 'strace',
    text: `     0.000000 openat(AT_FDCWD, "${MODULE}", O_RDONLY) = 3
     0.000210 finit_module(3, "", MODULE_INIT_COMPRESSED_FILE) = -1 ENOEXEC (Exec format error)
`,
    requests: [['finit_module', MODULE, -8]],
  },
  dmesg: {
    format: 'log',
    text: `[    0.000000] Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) #1 SMP
[    0.000000] Command line: root=/dev/sda1 vmalloc=256M
[    0.512345] smp: Brought up 1 node, 4 CPUs
[    9.000001] usb 1-1: new high-speed USB device number 2 using xhci_hcd
[   10.000001] foo: disagrees about version of symbol module_layout
[   10.000002] bar: Unknown symbol baz (err -2)
[   10.000003] vmap allocation for size 1052672 failed: use vmalloc=<size> to increase size
`,
    messages: ['modversions', 'unknown-symbol', 'va-window'],
  },
  'dmesg -T': {
    format: 'log',
    text: `[Tue Dec  1 03:00:00 2026] foo: module verification failed: signature and/or required key missing - tainting kernel
[Tue Dec  1 03:00:01 2026] foo: version magic '6.1.0 SMP ' should be '6.1.0-18 SMP '
`,
    messages: ['signature-taint', 'vermagic'],
  },
  'dmesg -e': {
    format: 'log',
    text: `[Dec 1 03:00] loop: module loaded
[  +0.000001] decompression failed with status 6
[  +0.100001] foo: Unknown symbol bar (err -22)
`,
    messages: ['decompress-status', 'unknown-symbol'],
  },
  'dmesg -x --time-format iso': {
    format: 'log',
    text: `kern  :warn  : 2026-12-01T03:00:00,123456+00:00 request_module: kmod_concurrent_max (50) close to 0 (max_modprobes: 50), for module fs-x, throttling...
kern  :info  : 2026-12-01T03:00:01,123456+00:00 other
`,
    messages: ['kmod-concurrent-max'],
  },
  'journalctl -k': {
    format: 'log',
    text: `-- Journal begins at Mon 2026-11-30 00:00:00 UTC. --
Dec 01 03:00:00 host kernel: Invalid ELF header magic: != \x7fELF
Dec 01 03:00:01 host kernel: foo: Unknown symbol bar (err -2)
Dec 01 03:00:01 host systemd[1]: Started x.
`,
    messages: ['unknown-symbol'],
  },
  'journalctl -o json': {
    format: 'log-json',
    text: `{"__CURSOR":"s=1","_TRANSPORT":"kernel","MESSAGE":"foo: Unknown symbol bar (err -2)","__MONOTONIC_TIMESTAMP":"1000"}
{"__CURSOR":"s=2","_TRANSPORT":"kernel","MESSAGE":[118,109,97,112,32,97,108,108,111,99,97,116,105,111,110,32,102,111,114,32,115,105,122,101,32,56,49,57,50,32,102,97,105,108,101,100],"__MONOTONIC_TIMESTAMP":"2000"}
`,
    messages: ['unknown-symbol', 'va-window'],
  },
  'a serial capture': {
    format: 'log',
    text: `\x1b[0;32m  OK  \x1b[0m] Started foo.\r
[    5.100000] \x1b[31mbar: Unknown symbol baz (err -2)\x1b[0m\r
\x00\x01[    5.200000] execmem: unable to allocate memory\r
`,
    messages: ['unknown-symbol', 'execmem'],
  },
  'udevd debug': {
    format: 'log',
    text: `Dec 01 03:00:00 host systemd-udevd[300]: 0000:00:1f.2: Device is queued (SEQNUM=1201, ACTION=add)
Dec 01 03:00:00 host systemd-udevd[310]: 0000:00:1f.2: Loading module: pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01
Dec 01 03:00:00 host systemd-udevd[310]: Inserted module 'ahci'
`,
    requests: [['uevent', 'pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01']],
  },
  vmallocinfo: {
    format: 'vmallocinfo',
    text: `0xcf800000-0xcf802000    8192 hpet_enable+0x2a/0x270 phys=0xfed00000 ioremap
0xcf803000-0xcf80a000   28672 load_module+0x1401/0x2c20 pages=6 vmalloc N0=6
0xcf80b000-0xcf80d000    8192 unpurged vm_area
`,
  },
  'vmallocinfo, hashed': {
    format: 'vmallocinfo',
    text: `0x00000000a1b2c3d4-0x000000009f8e7d6c    8192 acpi_os_map_iomem+0x1/0x2 phys=0x0000000000000000 ioremap
0x(____ptrval____)-0x(____ptrval____)   20480 irq_init+0x1/0x2 vmap
0x0000000000000000-0x0000000000000000   20480 load_module+0x1/0x2 [foo] pages=4 vmalloc N0=2 N1=2
`,
  },
  'proc modules': {
    format: 'proc-modules',
    text: `ext4 737280 1 - Live 0xffffffffc0a00000
mbcache 16384 1 ext4, Live 0x0000000000000000
jbd2 131072 1 ext4, Live 0xffffffffc0900000 (OE)
`,
  },
  lsmod: {
    format: 'lsmod',
    text: `Module                  Size  Used by
ext4                  737280  1
jbd2                  131072  1 ext4
`,
  },
  stats: {
    format: 'stats',
    text: `         Mods ever loaded       67
     Mods failed on kread       0
Mods failed on decompress       0
  Mods failed on becoming       0
      Mods failed on load       1411
        Total module size       11464704
      Total mod text size       4194304
       Failed kread bytes       0
  Failed decompress bytes       0
    Failed becoming bytes       0
        Failed kmod bytes       290816000
 Virtual mem wasted bytes       290816000
Duplicate failed modules:
              Module-name        How-many-times                    Reason
                kvm_intel                   249                      Load
`,
  },
  meminfo: {
    format: 'meminfo',
    text: 'MemTotal:        2058868 kB\nVmallocTotal:     122880 kB\nVmallocUsed:       10240 kB\n',
  },
  udevadm: {
    format: 'udevadm',
    text: 'P: /devices/pci0000:00/0000:00:1f.2\nE: DRIVER=ahci\nE: MODALIAS=pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01\n\n',
  },
  modaliases: {
    format: 'modaliases',
    text: 'pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01\ncpu:type:x86,ven0000fam0006mod003A:feature:,0000\n',
  },
  lspci: {
    format: 'lspci',
    text: '00:1f.2 SATA controller [0106]: Intel Corporation 82801IR [8086:2922] (rev 02)\n\tSubsystem: Red Hat [1af4:1100]\n\tKernel driver in use: ahci\n',
  },
  symvers: {
    format: 'symvers',
    text: '0x00000000\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n0x12345678\tfoo\tdrivers/foo\tEXPORT_SYMBOL_GPL\tNS\n',
  },
};
