// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import {
  emptyConf,
  type ModprobeConf,
  parseModprobeConf,
} from '../../../loader/userspace/modprobe-conf.ts';
import { normalizeAlias, normalizeModuleName } from '../../../loader/userspace/normalize.ts';

function parse(text: string): ModprobeConf {
  const conf = emptyConf();
  parseModprobeConf(conf, text, 'modprobe.d');
  return conf;
}

describe('names', () => {
  it.each([
    ['dm-mod', 'dm_mod'],
    ['snd-hda-intel.ko.xz', 'snd_hda_intel'],
    ['xfs', 'xfs'],
  ])('of modules: %s is %s', (name, normalized) => {
    expect(normalizeModuleName(name)).toBe(normalized);
  });

  it.each([
    ['net-pf-10', 'net_pf_10'],
    ['usb:v0-1d[0-9]-x', 'usb:v0_1d[0-9]_x'],
    ['a]b', undefined],
    ['a[b', undefined],
    ['a[b]]', undefined],
  ])('of aliases: %s is %s', (alias, normalized) => {
    expect(normalizeAlias(alias)).toBe(normalized);
  });
});

describe('modprobe.d', () => {
  it('reads every directive, with underscores for dashes', () => {
    const conf = parse(
      [
        '# a comment',
        '',
        'alias net-pf-* my-net',
        '  blacklist pc-spkr',
        'options dummy numdummies=0\tdebug=1',
        'options snd-hda-intel model="a b"',
        'install foo-bar /bin/true; /sbin/modprobe --ignore-install foo-bar $CMDLINE_OPTS',
        'remove foo /bin/false',
        'softdep xfs pre: crc32c post: a-b c',
      ].join('\n'),
    );
    expect(conf).toEqual({
      aliases: [{ pattern: 'net_pf_*', module: 'my_net' }],
      blacklist: new Set(['pc_spkr']),
      blacklistLines: ['pc_spkr'],
      complaints: [],
      options: [
        { module: 'dummy', text: 'numdummies=0 debug=1' },
        { module: 'snd_hda_intel', text: 'model="a b"' },
      ],
      install: [
        {
          module: 'foo_bar',
          text: '/bin/true; /sbin/modprobe --ignore-install foo-bar $CMDLINE_OPTS',
        },
      ],
      remove: [{ module: 'foo', text: '/bin/false' }],
      softdeps: [{ module: 'xfs', pre: ['crc32c'], post: ['a-b', 'c'] }],
      problems: [],
    });
  });

  it('joins lines that end in a backslash', () => {
    expect(parse('options a \\\nx=1 \\\ny=2\nblacklist b\n').options).toEqual([
      { module: 'a', text: 'x=1 y=2' },
    ]);
  });

  it('reports a bad line with its place and goes on', () => {
    const conf = parse(
      'alias only-one\n\noptions \\\n x\nfrobnicate y\nblacklist a[b\nblacklist c\n',
    );
    expect(conf.problems).toEqual([
      "modprobe.d line 1: ignoring bad line starting with 'alias'",
      "modprobe.d line 4: ignoring bad line starting with 'options'",
      "modprobe.d line 5: ignoring bad line starting with 'frobnicate'",
      "modprobe.d line 6: ignoring bad line starting with 'blacklist'",
    ]);
    expect(conf.blacklist).toEqual(new Set(['c']));
  });

  it('gives nothing to softdeps named before pre: or post:', () => {
    expect(parse('softdep cifs gcm ccm\nsoftdep a x pre: y\n').softdeps).toEqual([
      { module: 'cifs', pre: [], post: [] },
      { module: 'a', pre: ['y'], post: [] },
    ]);
  });
});
