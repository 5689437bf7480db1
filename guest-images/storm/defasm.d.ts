// SPDX-License-Identifier: MIT
/** The part of @defasm/core 2.4 the guests are built with; the package ships no types. */
declare module '@defasm/core' {
  export interface DefasmRange {
    readonly start: number;
  }
  export interface DefasmSection {
    readonly name: string;
    readonly head: { length(): number; dump(): Uint8Array };
    getRelocations(): readonly unknown[];
  }
  export class AssemblyState {
    constructor(config: { readonly bitness: 32 | 64 });
    readonly sections: readonly DefasmSection[];
    readonly errors: readonly { readonly message: string; readonly range?: DefasmRange }[];
    compile(source: string): void;
    bytesPerLine(callback: (bytes: Uint8Array, line: number) => void): void;
  }
}
