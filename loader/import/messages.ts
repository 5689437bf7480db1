/**
 * What the module loader and the allocator say in the kernel's log: which check speaks, what to do,
 * where the rule lies in this model. Texts as printed by kernel/module/*.c, kernel/module/kmod.c and
 * mm/vmalloc.c, Linux 2.6.28 to 6.12.
 */

export interface MessageRule {
  readonly id: string;
  readonly pattern: RegExp;
  /** Groups of the pattern that name a module, if any. */
  readonly module?: number;
  /** The check that speaks, as a sentence. */
  readonly meaning: string;
  readonly advice: string;
  /** The file of the model, below `loader/`. */
  readonly rule: string;
  /** The errno the caller gets, if the call fails. */
  readonly errno?: string;
}

const REBUILD =
  'Build the module against the headers of the kernel that runs (`uname -r`), or boot the kernel it was built for.';
const DAMAGED =
  'The file is damaged, cut short or no module: compare its checksum with the package, install it again, run depmod.';

export const MESSAGE_RULES: readonly MessageRule[] = [
  {
    id: 'va-window',
    pattern: /vmap allocation for size (\d+) failed(?:: use vmalloc=<size> to increase size)?/,
    meaning:
      'No hole of the vmalloc space (of the module area, for a module) is large enough. The size includes the guard page. All parked areas were purged before.',
    advice:
      'Give /proc/vmallocinfo of the same boot to `explain` too: it tells fragmentation from exhaustion. On 32 bits raise vmalloc=; on 64 bits the module area is meant, which no option enlarges: load fewer copies at once.',
    rule: 'vmalloc/vmap-allocator.ts',
    errno: 'ENOMEM',
  },
  {
    id: 'va-window',
    pattern:
      /vmalloc_node_range for size (\d+) failed: Address range restricted to (0x[0-9a-f]+) - (0x[0-9a-f]+)/,
    meaning:
      'No hole of the address range named is large enough (the text of Linux 6.11 and later). The size includes the guard page.',
    advice:
      'Give /proc/vmallocinfo of the same boot to `explain` too. On 32 bits raise vmalloc=; if the range is the module area, load fewer copies at once.',
    rule: 'vmalloc/vmap-allocator.ts',
    errno: 'ENOMEM',
  },
  {
    id: 'vmalloc-error',
    pattern: /vmalloc(?: error)?: (?:allocation failure|size (\d+))(.*)/,
    meaning:
      'The report of warn_alloc: a vmalloc failed. "vm_struct allocation failed" means no address space; "failed to allocate page", "page array" or "exceeds total pages" mean no memory.',
    advice: 'For address space see the line before it. For memory look at Mem-Info below it.',
    rule: 'vmalloc/space.ts',
    errno: 'ENOMEM',
  },
  {
    id: 'execmem',
    pattern: /execmem: unable to allocate(?: memory)?/,
    meaning:
      'Memory for the parts of a module could not be had from the module area (Linux 6.10 and later; quiet, rate-limited). The load counts as failed on becoming.',
    advice:
      'The area for modules is full or in pieces: give /proc/vmallocinfo; raise vmalloc= on 32 bits; unload what is not needed; stop duplicate loads (Linux 6.5 shares them).',
    rule: 'module/layout-and-allocate.ts',
    errno: 'ENOMEM',
  },
  {
    id: 'module-plt',
    pattern: /(\S{1,63}): section (\d+) reloc (\d+) sym '(.*?)': relocation (\d+) out of range/,
    module: 1,
    meaning:
      'The module lies too far from what it calls: the module area was full and the fallback took it without PLTs.',
    advice:
      "Build the kernel with CONFIG_ARM_MODULE_PLTS (or its architecture's like), or make room in the module area.",
    rule: 'elf/relocation.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'elf-len',
    pattern: /Invalid ELF header len (\d+)/,
    meaning: 'The image is shorter than an ELF header.',
    advice: DAMAGED,
    rule: 'elf/elf-checks.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'elf-magic',
    pattern: /Invalid ELF header magic: != \x7f?\S*ELF|Invalid ELF header magic/,
    meaning:
      'The file does not begin with the ELF magic. Often a compressed module that was handed over without MODULE_INIT_COMPRESSED_FILE, or a kernel without MODULE_DECOMPRESS.',
    advice:
      'See what the file is (`file X.ko*`). If it is compressed: use kmod 30 or later, or a kernel with CONFIG_MODULE_DECOMPRESS, or unpack it.',
    rule: 'elf/elf-checks.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'elf-type',
    pattern: /Invalid ELF header type: (\d+) != (\d+)/,
    meaning: 'The file is ELF but no relocatable object (a program or shared library).',
    advice: 'Give the .ko, not a linked program.',
    rule: 'elf/elf-checks.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'elf-arch',
    pattern: /Invalid (?:module )?architecture in ELF header: (\d+)/,
    meaning: 'The module is for another architecture (e_machine).',
    advice: REBUILD,
    rule: 'elf/elf-checks.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'elf-section-header',
    pattern: /Invalid ELF section header (?:size|overflow)/,
    meaning: 'The section table has a wrong entry size or runs past the end of the file.',
    advice: DAMAGED,
    rule: 'elf/elf-validity.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'elf-section',
    pattern:
      /Invalid ELF section (?:in module|offset|name|header)|ELF Spec violation: |empty section name table|Invalid ELF sh_link|Invalid ELF symbol string table/,
    meaning:
      'A section lies outside the file, or the tables of names and symbols contradict each other.',
    advice: DAMAGED,
    rule: 'elf/elf-validity.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'modinfo-once',
    pattern: /Only one \.modinfo section must exist/,
    meaning: 'The file has two .modinfo sections.',
    advice: "Link the module with the kernel's own build (kbuild).",
    rule: 'elf/elf-validity.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'this-module',
    pattern: /(?:module (\S+)|(\S{1,63})): .*\.gnu\.linkonce\.this_module/,
    module: 1,
    meaning:
      'struct module of the file is missing, doubled or not of the size that the running kernel has.',
    advice: `${REBUILD} Same version is not enough: the configuration must match too.`,
    rule: 'elf/elf-validity.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'no-module',
    pattern: /No module found in object/,
    meaning: 'The object has no .gnu.linkonce.this_module (text before Linux 6.5).',
    advice: 'Link it with kbuild (modpost adds that section).',
    rule: 'elf/elf-validity.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'stripped',
    pattern: /(\S{1,63}): module has no symbols \(stripped\?\)/,
    module: 1,
    meaning: 'The symbol table is gone: the module was stripped of everything.',
    advice: 'Strip with `strip --strip-debug`, never `strip` alone.',
    rule: 'elf/elf-validity.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'write-exec',
    pattern: /(\S{1,63}): section (\S+) \(index (\d+)\) has invalid WRITE\|EXEC flags/,
    module: 1,
    meaning: 'A section may be written and executed; CONFIG_STRICT_MODULE_RWX refuses it.',
    advice: 'Take the WRITE or EXEC flag from that section in the source (often assembler).',
    rule: 'elf/section-flags.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'vermagic',
    pattern: /(\S{1,63}): version magic '(.*?)' should be '(.*?)'/,
    module: 1,
    meaning: 'The module was built for another release or configuration (vermagic differs).',
    advice: REBUILD,
    rule: 'module/version.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'no-version',
    pattern: /(\S{1,63}): no version for "?(.*?)"? found: kernel tainted/,
    module: 1,
    meaning:
      'CONFIG_MODVERSIONS finds no checksum for a symbol in the module; it is loaded, the kernel tainted.',
    advice: "Build the module with the kernel's Module.symvers.",
    rule: 'module/version.ts',
  },
  {
    id: 'modversions',
    pattern: /(\S{1,63}): disagrees about version of symbol (\S+)/,
    module: 1,
    meaning:
      "The checksum (CRC) of a symbol in the module is not the kernel's: the interface changed between the two builds.",
    advice: REBUILD,
    rule: 'module/version.ts',
    errno: 'EINVAL (ENOEXEC for module_layout)',
  },
  {
    id: 'bad-vermagic',
    pattern:
      /(\S{1,63}): (?:bad|forced) vermagic: kernel tainted|(\S{1,63}): module_layout: kernel tainted/,
    module: 1,
    meaning: 'The module was loaded by force although its vermagic is missing or wrong.',
    advice: 'Do not force (`modprobe --force`): rebuild.',
    rule: 'module/taint.ts',
  },
  {
    id: 'unknown-symbol',
    pattern: /(\S{1,63}): Unknown symbol (\S+) \(err (-?\d+)\)/,
    module: 1,
    meaning:
      'A symbol the module uses has no owner that can be used. err -2: nobody exports it. err -22: checksum, licence or namespace forbid it. err -16: its owner\'s init had not ended after 30 s. err 0: old kernels for "not found".',
    advice:
      "Load the owner first: use modprobe, not insmod, and run depmod. For -22 rebuild; for -16 see why the owner's init hangs.",
    rule: 'module/resolve-symbols.ts',
    errno: 'ENOENT, EINVAL or EBUSY',
  },
  {
    id: 'unknown-symbol',
    pattern: /(\S{1,63}): Unknown symbol (\S+)$/,
    module: 1,
    meaning: 'Nobody exports a symbol that the module uses (text of kernels before 2.6.36).',
    advice: 'Load the owner first: use modprobe, not insmod, and run depmod.',
    rule: 'module/resolve-symbols.ts',
    errno: 'ENOENT',
  },
  {
    id: 'namespace',
    pattern:
      /(\S{1,63}): module uses symbol \(?(\S+?)\)? from namespace (\S+), but does not import it/,
    module: 1,
    meaning: 'The symbol lies in a namespace that the module does not import.',
    advice: "Add MODULE_IMPORT_NS to the module's source.",
    rule: 'module/resolve-symbols.ts',
    errno: 'EINVAL',
  },
  {
    id: 'gave-up-owner',
    pattern: /(\S{1,63}): gave up waiting for init of module (\S+?)\.?$/,
    module: 1,
    meaning: 'The owner of a symbol was still in its init after 30 seconds.',
    advice: "Look at the owner's init: it hangs, or it asks for this module itself.",
    rule: 'module/resolve-symbols.ts',
    errno: 'EBUSY',
  },
  {
    id: 'gpl-only',
    pattern:
      /(\S{1,63}): module (?:using|uses) GPL-only symbol|FATAL: modpost: GPL-incompatible module (\S+)/,
    module: 1,
    meaning: 'A module without a GPL-compatible licence uses a symbol exported for those only.',
    advice: 'Use another interface or another licence.',
    rule: 'module/resolve-symbols.ts',
    errno: 'ENOENT',
  },
  {
    id: 'duplicate-symbol',
    pattern: /(\S{1,63}): exports duplicate symbol (\S+) \(owned by (\S+?)\)/,
    module: 1,
    meaning: 'Another module or the kernel exports a symbol of that name already.',
    advice: 'Two builds of one driver are installed: unload or blacklist the other one.',
    rule: 'module/complete-formation.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'relocation',
    pattern:
      /(\S{1,63}): Unknown (?:rela )?relocation: (\d+)|Unknown rela relocation: (\d+)|overflow in relocation type/,
    module: 1,
    meaning: 'A relocation type that the kernel cannot apply, or one that overflows.',
    advice: `${REBUILD} Check compiler and binutils against those of the kernel.`,
    rule: 'elf/relocation-check.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'common',
    pattern: /(\S{1,63}): please compile with -fno-common/,
    module: 1,
    meaning: 'A COMMON symbol is in the symbol table.',
    advice: 'Compile with -fno-common, as kbuild does.',
    rule: 'module/resolve-symbols.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'percpu',
    pattern: /(\S{1,63}): Could not allocate (\d+) bytes percpu data/,
    module: 1,
    meaning: 'The reserved chunk of per-CPU memory is full.',
    advice:
      'Boot with percpu_alloc= or a kernel with a larger PERCPU_MODULE_RESERVE; unload modules with per-CPU data.',
    rule: 'vmalloc/percpu.ts',
    errno: 'ENOMEM',
  },
  {
    id: 'ctors',
    pattern: /(\S{1,63}): has both \.ctors and \.init_array/,
    module: 1,
    meaning: 'The module has constructors of both kinds.',
    advice: 'Compile all of it with one compiler.',
    rule: 'module/layout-and-allocate.ts',
    errno: 'EINVAL',
  },
  {
    id: 'blacklisted',
    pattern: /Module (\S+) is blacklisted/,
    module: 1,
    meaning: "module_blacklist= on the kernel's command line names it.",
    advice: 'Take it from the command line. (blacklist lines of modprobe.d do not print this.)',
    rule: 'module/early-mod-check.ts',
    errno: 'EPERM',
  },
  {
    id: 'livepatch',
    pattern: /(\S{1,63}): module is marked as livepatch module, but livepatch support is disabled/,
    module: 1,
    meaning: 'A livepatch for a kernel without CONFIG_LIVEPATCH.',
    advice: 'Boot the kernel the patch is for.',
    rule: 'module/early-mod-check.ts',
    errno: 'ENOEXEC',
  },
  {
    id: 'signature-taint',
    pattern:
      /(\S{1,63}): module verification failed: signature and\/or required key missing - tainting kernel/,
    module: 1,
    meaning:
      'The module is not signed by a key that the kernel trusts; it is loaded all the same, and the kernel tainted (E). Printed once per boot.',
    advice:
      "Nothing breaks. To be rid of it, sign the module (scripts/sign-file) with a key in the kernel's keyring or MOK.",
    rule: 'module/sig-check.ts',
  },
  {
    id: 'signature-refused',
    pattern:
      /Loading of (.+?) is rejected|Lockdown: .*(?:unsigned module loading|module)|Required key not available/,
    module: 1,
    meaning:
      'Signatures are enforced (CONFIG_MODULE_SIG_FORCE, module.sig_enforce, lockdown with Secure Boot) and this one is missing or unknown.',
    advice: 'Sign the module and enrol the key (mokutil --import), or switch enforcement off.',
    rule: 'module/sig-check.ts',
    errno: 'EKEYREJECTED, EPERM under lockdown',
  },
  {
    id: 'signature-damaged',
    pattern:
      /module: (?:not signed with expected PKCS#7 message|PKCS#7 signature info has unexpected non-zero params)/,
    meaning: 'The trailer of a signature is there but its block is not what the kernel writes.',
    advice: 'Sign it again; do not strip a module after signing.',
    rule: 'module/sig-check.ts',
    errno: 'ENOPKG or EBADMSG',
  },
  {
    id: 'signature-kmod',
    pattern: /PKCS#7 signature not signed with a trusted key/,
    meaning: "The key that signed the module is not in the kernel's keyring.",
    advice: 'Enrol the key (mokutil --import) or build the kernel with it.',
    rule: 'module/sig-check.ts',
  },
  {
    id: 'already-loaded',
    pattern: /(\S{1,63}): module is already loaded/,
    module: 1,
    meaning: 'The name is taken in /sys/module: a module that is being removed, or one built in.',
    advice: 'Wait for the removal to end; a built-in driver needs no module.',
    rule: 'module/sysfs-setup.ts',
    errno: 'EINVAL',
  },
  {
    id: 'kobject',
    pattern: /kobject_add_internal failed for (\S+) with -EEXIST/,
    module: 1,
    meaning: 'Something of that name is in sysfs already.',
    advice: 'Two loads of one module, or two drivers of one name.',
    rule: 'module/sysfs-setup.ts',
    errno: 'EEXIST',
  },
  {
    id: 'param-invalid',
    pattern: /(\S{1,63}): [`'](.*)' invalid for parameter [`'](.*)'/,
    module: 1,
    meaning: "The value does not fit the parameter's type; the load fails before init.",
    advice: 'See `modinfo -p`. Look through options lines of modprobe.d and the command line.',
    rule: 'module/params/',
    errno: 'EINVAL',
  },
  {
    id: 'param-large',
    pattern: /(\S{1,63}): [`'](.*)' too large for parameter [`'](.*)'/,
    module: 1,
    meaning: "The value is longer than the parameter's buffer.",
    advice: 'Shorten it.',
    rule: 'module/params/',
    errno: 'ENOSPC',
  },
  {
    id: 'param-unknown',
    pattern: /(\S{1,63}): unknown parameter '(.*?)' ignored/,
    module: 1,
    meaning: 'The module has no such parameter; the load goes on.',
    advice: 'Correct the options line of modprobe.d.',
    rule: 'module/params/',
  },
  {
    id: 'param-unknown-old',
    pattern: /(\S{1,63}): Unknown parameter [`'](.*)'/,
    module: 1,
    meaning: 'The module has no such parameter (kernels before 3.15 fail the load).',
    advice: 'Correct the options line of modprobe.d.',
    rule: 'module/params/',
    errno: 'ENOENT',
  },
  {
    id: 'decompress-status',
    pattern: /(?:ZSTD-)?decompression failed with status (-?\d+)/,
    meaning:
      "The kernel's own decoder gave up. xz: 0 cut short, 2 check not supported, 3 no memory for the dictionary (address space!), 4 dictionary too large, 5 no xz, 6 options the kernel does not support (CRC64, filters), 7 damaged.",
    advice:
      'For 6 pack with `xz --check=crc32 --lzma2=dict=1MiB`; for 3 make address space; for 0 and 7 install the file again.',
    rule: 'decompress/xz-status.ts',
    errno: 'EINVAL',
  },
  {
    id: 'decompress-magic',
    pattern: /not (?:a gzip|an xz|a zstd) compressed module/i,
    meaning:
      'The file is compressed in another way than the kernel was built for (CONFIG_MODULE_COMPRESS_*).',
    advice: "Pack modules in the kernel's own format, or hand over the unpacked image.",
    rule: 'decompress/format.ts',
    errno: 'EINVAL',
  },
  {
    id: 'decompress-zstd',
    pattern:
      /ZSTD-compressed data has (?:an incomplete frame header|too large a window size)|Can't initialize ZSTD stream|failed to initialize decompressor/,
    meaning:
      'The decoder could not begin: the file is cut short, its window too large, or memory short.',
    advice: "Pack with the kernel's options (`zstd -19` at most, no --long).",
    rule: 'decompress/zstd-status.ts',
    errno: 'EINVAL or ENOMEM',
  },
  {
    id: 'kmod-busy',
    pattern:
      /request_module: modprobe (\S+) cannot be processed, kmod busy with (\d+) threads for more than (\d+) seconds now/,
    module: 1,
    meaning: 'All 50 slots of request_module were taken for five seconds; this request got -ETIME.',
    advice:
      'Find the modprobe that hangs (or the init that requests a module itself). The limit is compiled in.',
    rule: 'kmod/limiter.ts',
    errno: 'ETIME',
  },
  {
    id: 'kmod-concurrent-max',
    pattern:
      /request_module: kmod_concurrent_max \((-?\d+)\) close to 0 \(max_modprobes: (\d+)\), for module (\S+), throttling/,
    module: 3,
    meaning:
      '50 calls of modprobe ran at once; this request waits for one of them to end (text up to Linux 6.3).',
    advice: 'Harmless if rare. Many of these mean duplicate requests for one alias.',
    rule: 'kmod/limiter.ts',
  },
  {
    id: 'kmod-throttled',
    pattern: /request_module: modprobe (\S+) cannot be processed, kmod busy/,
    module: 1,
    meaning: 'All slots of request_module were taken for too long.',
    advice: 'Find the modprobe that hangs.',
    rule: 'kmod/limiter.ts',
    errno: 'ETIME',
  },
  {
    id: 'runaway',
    pattern: /request_module: runaway loop modprobe (\S+)/,
    module: 1,
    meaning:
      'modprobe itself makes the kernel request a module, which starts modprobe (kernels before 4.14).',
    advice: 'Usually a missing binfmt or a modprobe of another architecture.',
    rule: 'kmod/limiter.ts',
    errno: 'ENOMEM',
  },
  {
    id: 'dup-request',
    pattern: /module-autoload: duplicate request for module (\S+)/,
    module: 1,
    meaning:
      'Two requests for one module at a time (CONFIG_MODULE_DEBUG_AUTOLOAD_DUPS); the second waits for the first.',
    advice: 'The call trace below names who asked: the caller should ask once.',
    rule: 'kmod/dup-requests.ts',
  },
  {
    id: 'verify-enoexec',
    pattern: /(?:modprobe|insmod): (?:ERROR|FATAL).*/,
    meaning:
      "A message of modprobe or insmod, not of the kernel; the kernel's own line tells more.",
    advice: 'Look at `dmesg` at the same time.',
    rule: 'userspace/modprobe.ts',
  },
  {
    id: 'taint-oot',
    pattern: /(\S{1,63}): loading out-of-tree module taints kernel/,
    module: 1,
    meaning: "The module was not built with the kernel's tree (taint O). It is loaded.",
    advice: 'Nothing to do.',
    rule: 'module/taint.ts',
  },
  {
    id: 'taint-licence',
    pattern: /(\S{1,63}): module license '(.*?)' taints kernel/,
    module: 1,
    meaning:
      'The licence is not compatible with the GPL (taint P). It is loaded, without GPL-only symbols.',
    advice: 'Nothing to do.',
    rule: 'module/taint.ts',
  },
  {
    id: 'taint-staging',
    pattern: /(\S{1,63}): module is from the staging directory/,
    module: 1,
    meaning: 'A driver of drivers/staging (taint C). It is loaded.',
    advice: 'Nothing to do.',
    rule: 'module/taint.ts',
  },
  {
    id: 'init-wrong-ret',
    pattern: /do_init_module: '(\S+)'->init suspiciously returned (\d+)/,
    module: 1,
    meaning: "The module's init returned a positive number, which is no error and no success.",
    advice: "Tell the module's authors.",
    rule: 'module/do-init-module.ts',
  },
  {
    id: 'init-failed',
    pattern: /(?:initcall|probe of) (\S+?)(?:\+0x\S+| .*)? (?:returned|failed with error) (-\d+)/,
    module: 1,
    meaning: 'The module was loaded and its own init or probe failed: the loader is not at fault.',
    advice: "See the driver's own lines around this one.",
    rule: 'module/do-init-module.ts',
  },
  {
    id: 'refcount',
    pattern: /(\S{1,63}): (?:refcount|module is in use)/i,
    module: 1,
    meaning: 'Somebody still uses the module.',
    advice: 'See `lsmod`, last column.',
    rule: 'module/delete-module.ts',
    errno: 'EWOULDBLOCK',
  },
  {
    id: 'no-exit',
    pattern: /(\S{1,63}): module has no exit function|Module (\S+) has no cleanup/i,
    module: 1,
    meaning: 'A module with init but no exit cannot be removed.',
    advice: 'Reboot, or force (which taints).',
    rule: 'module/delete-module.ts',
    errno: 'EBUSY',
  },
  {
    id: 'hung',
    pattern: /task (\S+):(\d+) blocked for more than (\d+) seconds/,
    meaning:
      'A task waits for a very long time; for modprobe or udev usually on a module whose init does not end.',
    advice: 'The call trace below tells on whom it waits.',
    rule: 'module/patient-check.ts',
  },
  {
    id: 'udev-timeout',
    pattern:
      /(?:Worker \[?\d+\]?|\[\d+\]|worker \[\d+\]).*(?:timeout; kill it|is taking a long time|terminated by signal 9)|timeout: killing '(.*?)'/,
    meaning: 'udev killed a worker that took too long, most often one that waits for a module.',
    advice:
      'Raise udev.event_timeout=, limit workers with udev.children_max=, or shorten the wait.',
    rule: 'userspace/udev-worker.ts',
  },
  {
    id: 'oom-vmalloc',
    pattern: /(\S{1,63}): page allocation failure: order:(\d+)/,
    meaning: 'Memory itself ran out, not address space.',
    advice: 'Look at Mem-Info below it.',
    rule: 'vmalloc/space.ts',
    errno: 'ENOMEM',
  },
];

/** Words without which no line can be one of the above: most lines of a log end here. */
const HINT =
  /vmap |vmalloc|execmem|ELF|odule|version|symbol|relocation|compile with|ctors|percpu|rejected|Lockdown|PKCS#7|kobject_add|parameter|ecompress|compressed|request_module|initcall|probe of|refcount|blocked for|orker|killing|page allocation|ZSTD|section|key/;

export interface FoundMessage {
  readonly rule: MessageRule;
  readonly found: RegExpExecArray;
}

/** The rule that a line of the log speaks of; undefined for all other lines. */
export function findMessage(text: string): FoundMessage | undefined {
  const line = text.length > 2048 ? text.slice(0, 2048) : text;
  if (!HINT.test(line)) return undefined;
  for (const rule of MESSAGE_RULES) {
    const found = rule.pattern.exec(line);
    if (found !== null) return { rule, found };
  }
  return undefined;
}
