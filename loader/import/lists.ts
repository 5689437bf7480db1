/** Reads the small files: modules, lsmod, stats, meminfo, udevadm, modaliases, lspci, symvers. */
import type { Facts } from './facts.ts';
import { damaged, type LineFormat, type Taken } from './format.ts';

function list(
  name: string,
  title: string,
  line: (facts: Facts, file: string, text: string, number: number) => Taken,
): LineFormat {
  return {
    name,
    title,
    open: (facts, file) => ({ line: (text, number) => line(facts, file, text, number) }),
  };
}

/** `ext4 737280 1 - Live 0xffffffffc0a00000 (OE)` (m_show, kernel/module/procfs.c). */
const PROC_MODULES =
  /^(\w[\w-]*) (\d{1,12}) (?:(-?\d+|-) )?(?:(-|[\w,-]+,) )?(Live|Loading|Unloading)(?: (0x[0-9a-f]+|0x\(?_*(?:null|ptrval)_*\)?|\(null\)|0x\(null\)))?(?: \(?([A-Z+-]+)\)?)?\s*$/;
/** `ext4  737280  1`, `jbd2  131072  1 ext4,ocfs2` */
const LSMOD = /^(\w[\w-]*)\s+(\d{1,12})\s+(-?\d+|-)(?:\s+(?:(-)|([\w-]+(?:,[\w-]+)*,?)))?\s*$/;

const MODULES = list('proc-modules', '/proc/modules', (facts, file, text, number) => {
  const found = PROC_MODULES.exec(text);
  if (found === null) {
    return / (?:Live|Loading|Unloading)(?: |$)/.test(text) &&
      /^\w+ \S+ /.test(text) &&
      !/[:=[]/.test(text)
      ? damaged('expected "name size uses users state address"')
      : null;
  }
  addModule(
    facts,
    file,
    number,
    found[1]!,
    found[2]!,
    found[4] ?? '',
    found[5],
    addressOf(found[6]),
  );
  return 'used';
});

const LSMOD_FORMAT: LineFormat = {
  name: 'lsmod',
  title: 'lsmod',
  open: (facts, file) => {
    let header = false;
    return {
      line(text, number) {
        if (/^Module\s+Size\s+Used by/.test(text)) {
          header = true;
          return 'passed';
        }
        const found = LSMOD.exec(text);
        if (found === null || !(header || number < 3))
          return header && /^\w+\s*$/.test(text)
            ? damaged('expected "name size uses users"')
            : null;
        addModule(facts, file, number, found[1]!, found[2]!, found[5] ?? '', undefined, undefined);
        return 'used';
      },
    };
  },
};

function addressOf(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^0x[0-9a-f]+$/.test(text)) return undefined;
  const value = BigInt(text);
  return value === 0n ? undefined : value;
}

function addModule(
  facts: Facts,
  file: string,
  line: number,
  name: string,
  size: string,
  users: string,
  state: string | undefined,
  address: bigint | undefined,
): void {
  if (!facts.modules.has(name) && !facts.keep('modules', facts.modules.size)) return;
  facts.modules.set(name, {
    name,
    size: Number(size),
    users: users.split(',').filter((user) => user !== '' && user !== '-' && user !== '[permanent]'),
    state,
    address,
    place: { file, line },
  });
}

/** kernel/module/stats.c, Linux 6.12 */
const STATS_LABELS =
  /^\s*(Mods ever loaded|Mods failed on (?:kread|decompress|becoming|load)|Total module size|Total mod text size|Failed (?:kread|decompress|becoming|kmod) bytes|Virtual mem wasted bytes|Average mod size|Average mod text size|Avg fail (?:kread|becoming|decomp) bytes|Average fail load bytes)\s+(\S+)\s*$/;

const STATS: LineFormat = {
  name: 'stats',
  title: 'module stats',
  open: (facts, file) => {
    let rows = false;
    return {
      line(text, number) {
        const found = STATS_LABELS.exec(text);
        if (found !== null) {
          if (!/^-?\d{1,20}$/.test(found[2]!)) return damaged(`${found[1]}: expected a number`);
          facts.stats.set(found[1]!, { value: BigInt(found[2]!), place: { file, line: number } });
          return 'used';
        }
        if (/^Duplicate failed modules:/.test(text.trim())) {
          rows = true;
          return 'passed';
        }
        if (/^\s*Module-name\s+How-many-times\s+Reason\s*$/.test(text)) return 'passed';
        const row =
          /^\s*(\S+)\s+(\d{1,12})\s+(Becoming & Load|Becoming|Load|Bug-on-stats)\s*$/.exec(text);
        if (row !== null) {
          if (facts.duplicates.length < 10_000) {
            facts.duplicates.push({ name: row[1]!, count: Number(row[2]), reason: row[3]! });
          }
          return 'used';
        }
        return rows && /^\s{2,}\S+\s+\d+\s+\S*$/.test(text)
          ? damaged('a row that is cut short')
          : null;
      },
    };
  },
};

const MEMINFO = list('meminfo', '/proc/meminfo', (facts, _file, text) => {
  const found = /^([A-Z][A-Za-z0-9_()]{2,30}):\s+(\d{1,16})(?: kB)?\s*$/.exec(text);
  if (found === null) return null;
  facts.meminfo.set(found[1]!, Number(found[2]));
  return /^(?:Mem|Vmalloc|Low|High|Percpu)/.test(found[1]!) ? 'used' : 'passed';
});

/** udevadm info -e: `P: /devices/…`, `E: MODALIAS=…`, `E: DRIVER=…`. */
const UDEVADM = list('udevadm', 'udevadm info -e', (facts, _file, text) => {
  const found = /^([PNLSEMRUTDIQV]): (.*)$/.exec(text);
  if (found === null) return null;
  const value = found[2]!;
  if (found[1] === 'E') {
    if (/^MODALIAS=./.test(value)) {
      return addAlias(facts, value.slice(9));
    }
    if (value.startsWith('DRIVER=')) {
      facts.drivers.add(value.slice(7));
      return 'used';
    }
  }
  return 'passed';
});

const ALIAS =
  /^(?:(?:\S*\/)?modalias:)?((?:pci|usb|acpi|platform|of|cpu|x86cpu|hid|input|virtio|scsi|dmi|pnp|spi|i2c|mdio|serio|ssb|bcma|sdio|vmbus|xen|eisa|css|ccw|ap|wmi|hdaudio|soundwire|sdw|amba|ipack|mei|thunderbolt|tbsvc|typec|auxiliary|ishtp|rpmsg|fsl-mc|nd|zorro|slim|mipscdmm|parport|gameport|ieee1394|isapnp|dfl|ssam|cdx|counter|mhi|apr|tee):\S+)\s*$/;

const MODALIASES = list('modaliases', 'modaliases', (facts, _file, text) => {
  const alias = ALIAS.exec(text)?.[1];
  if (alias === undefined) return null;
  return addAlias(facts, alias);
});

/** A modalias file holds at most a page (device_show, drivers/base; sysfs). */
const LONGEST_ALIAS = 4096;

function addAlias(facts: Facts, alias: string): Taken {
  if (alias.length > LONGEST_ALIAS || /[\0\p{Surrogate}]/u.test(alias)) {
    return damaged(`a modalias has at most ${LONGEST_ALIAS} characters of text`);
  }
  if (facts.aliases.has(alias) || facts.keep('aliases', facts.aliases.size))
    facts.aliases.add(alias);
  return 'used';
}

/** lspci -nn -k, perhaps -v: devices, and tabs before what belongs to them. */
const LSPCI = list('lspci', 'lspci -nn -k', (facts, _file, text) => {
  const device =
    /^(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] .*?\[([0-9a-f]{4})\](?:.*\[([0-9a-f]{4}):([0-9a-f]{4})\])?/i.exec(
      text,
    );
  if (device !== null) {
    const [, kind, vendor, id] = device;
    if (vendor === undefined) return damaged('a device without its numbers: use lspci -nn -k');
    const up = (digits: string): string => digits.toUpperCase();
    addAlias(
      facts,
      `pci:v0000${up(vendor)}d0000${up(id!)}sv00000000sd00000000bc${up(kind!.slice(0, 2))}sc${up(kind!.slice(2))}i00`,
    );
    return 'used';
  }
  if (/^(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] /.test(text))
    return damaged('a device without its numbers: use lspci -nn -k');
  const used = /^\s+Kernel (?:driver in use|modules): (.*)$/.exec(text);
  if (used !== null) {
    for (const name of used[1]!.split(',')) facts.drivers.add(name.trim().replaceAll('-', '_'));
    return 'used';
  }
  return /^\t\S/.test(text) ? 'passed' : null;
});

const SYMVERS = list('symvers', 'Module.symvers', (facts, _file, text) => {
  if (!/^0x[0-9a-f]{8}\t/.test(text)) return null;
  if (!/^0x[0-9a-f]{8}\t\S+\t\S+\tEXPORT_\w+(?:\t\S*)?$/.test(text)) {
    return damaged('expected crc, symbol, module and EXPORT_SYMBOL[_GPL] with tabs between them');
  }
  const old = text
    .replace(/\tEXPORT_UNUSED_SYMBOL/, '\tEXPORT_SYMBOL')
    .replace('EXPORT_SYMBOL_GPL_FUTURE', 'EXPORT_SYMBOL_GPL');
  if (facts.keep('symbols', facts.symvers.length)) facts.symvers.push(old);
  return 'used';
});

/** modprobe.d and modules.{alias,softdep}: taken over as they are. */
const MODPROBE_CONF = list('modprobe.d', 'modprobe.d', (facts, _file, text) => {
  if (!/^(?:alias|options|blacklist|install|remove|softdep|weakdep) \S+/.test(text)) return null;
  if (facts.modprobeConf.length < 20_000) facts.modprobeConf.push(text);
  return 'used';
});

const CPU_LIST = list('record', 'modstorm record', (facts, file, text, number) => {
  const found = /^modstorm-record (\w+): (.*)$/.exec(text);
  if (found === null) return null;
  const from = `${file}:${number}`;
  const [, key, value] = found;
  if (key === 'release') facts.release ??= { text: value!, from };
  else if (key === 'cpus' && /^\d{1,5}$/.test(value!)) facts.cpus = { count: Number(value), from };
  else if (key === 'cmdline') facts.cmdline ??= { text: value!, from };
  return 'used';
});

export const LIST_FORMATS: readonly LineFormat[] = [
  STATS,
  MODULES,
  LSMOD_FORMAT,
  MEMINFO,
  UDEVADM,
  MODALIASES,
  LSPCI,
  SYMVERS,
  MODPROBE_CONF,
  CPU_LIST,
];
