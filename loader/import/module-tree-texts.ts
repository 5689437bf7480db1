// SPDX-License-Identifier: MIT
/** Reads what lies beside a module tree: depmod's texts and the kernel's configuration. */
import type { LineFormat } from './format.ts';

/** depmod's own files are known and passed over: the model makes its index from the modules. */
const MODULES_INDEX: LineFormat = {
  name: 'modules-index',
  title: "depmod's files (modules.dep, .alias, .softdep, .builtin, .order)",
  open: () => {
    let whole = false;
    return {
      line(text) {
        if (
          /^# (?:Aliases extracted|Soft dependencies extracted|Device nodes to trigger|Aliases for symbols)/.test(
            text,
          )
        ) {
          whole = true;
          return 'passed';
        }
        if (whole && /^(?:alias|softdep|devname|weakdep|\S+ \S+ [bc]\d+:\d+)\b/.test(text))
          return 'passed';
        return /^(?:kernel|updates|extra|misc|weak-updates|\/lib\/modules|\/usr\/lib\/modules)\/\S+\.k?o(?:\.(?:gz|xz|zst))?(?::.*)?$/.test(
          text,
        )
          ? 'passed'
          : null;
      },
    };
  },
};

/** CONFIG_ lines that the model has a feature for. */
const KEPT =
  /^CONFIG_(MODULE_\w+|MODULES|NR_CPUS|KALLSYMS\w*|MODVERSIONS|STRICT_MODULE_RWX|SMP|ARM_MODULE_PLTS|LIVEPATCH|DYNAMIC_DEBUG|CONSTRUCTORS)=(.*)$/;

const CONFIG: LineFormat = {
  name: 'config',
  title: 'kernel configuration',
  open: (facts) => ({
    line(text) {
      const kept = KEPT.exec(text);
      if (kept !== null) {
        facts.config.set(kept[1]!, kept[2]!);
        return 'used';
      }
      return /^CONFIG_\w+=|^# CONFIG_\w+ is not set$/.test(text) ? 'passed' : null;
    },
  }),
};

export const TREE_FORMATS: readonly LineFormat[] = [MODULES_INDEX, CONFIG];
