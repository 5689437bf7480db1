// SPDX-License-Identifier: MIT
/** The symbols of the kernel that synthetic modules call, and the checksums of all symbols. */

import { fnv1a } from '../base/index.ts';
import type { Random } from '../engine/index.ts';

/** The functions and variables that modules of a distribution use most, commonest first. */
const COMMON = `
__fentry__ __stack_chk_guard __stack_chk_fail kfree _printk kmalloc_caches kmalloc_trace _dev_err
mutex_unlock mutex_lock __x86_indirect_thunk_edx __x86_indirect_thunk_ecx __mutex_init jiffies
__dynamic_dev_dbg _raw_spin_unlock_irqrestore _raw_spin_lock_irqsave memcpy _dev_info msleep
__list_add_valid snprintf __x86_indirect_thunk_esi __kmalloc fortify_panic __x86_indirect_thunk_edi
_dev_warn sprintf _raw_spin_unlock _raw_spin_lock __list_del_entry_valid __x86_indirect_thunk_ebx
__const_udelay devm_kmalloc init_timer_key __warn_printk strnlen __pci_register_driver
pci_unregister_driver queue_work_on strscpy __wake_up system_wq __dynamic_pr_debug
__SCT__might_resched request_threaded_irq memset free_irq __init_waitqueue_head strlen strcmp
refcount_warn_saturate current_task skb_put finish_wait __preempt_count usleep_range_state
_copy_to_user i2c_register_driver i2c_del_driver pci_set_master prepare_to_wait_event
init_wait_entry _raw_spin_lock_irq _raw_spin_unlock_irq _copy_from_user __rcu_read_lock
__rcu_read_unlock delayed_work_timer_fn timer_delete_sync pci_enable_device schedule
cancel_work_sync mod_timer queue_delayed_work_on cancel_delayed_work_sync _raw_spin_unlock_bh
platform_driver_unregister kfree_skb_reason mem_map _raw_spin_lock_bh complete pci_disable_device
seq_printf iounmap __platform_driver_register consume_skb schedule_timeout ___ratelimit
__check_object_size memcmp dma_set_mask __msecs_to_jiffies dma_free_attrs strncmp kmemdup
dma_alloc_attrs alloc_workqueue destroy_workqueue release_firmware __netdev_alloc_skb cpu_number
pci_request_regions ioport_resource _find_next_bit dev_driver_string __request_region skb_trim
__release_region ioremap dma_map_page_attrs request_firmware skb_push scnprintf put_device skb_pull
free_netdev ktime_get this_cpu_off input_event netif_tx_wake_queue capable vfree get_random_bytes
i2c_transfer page_address __alloc_skb module_put __cpu_online_mask unregister_netdev
driver_unregister nla_put register_netdev nr_cpu_ids sscanf wait_for_completion memmove rtnl_lock
rtnl_unlock
`
  .trim()
  .split(/\s+/);

/** Less common ones have numbers for names. */
const POOL = 4000;

export function kernelSymbol(index: number): string {
  return COMMON[index] ?? `kernel_symbol_${String(index).padStart(4, '0')}`;
}

/** Different symbols of the kernel, common ones more often, at most as many as there are. */
export function drawKernelSymbols(count: number, random: Random): string[] {
  const wanted = Math.min(count, POOL);
  const chosen = new Set<number>();
  const certain = Math.min(wanted, 3);
  for (let i = 0; i < certain; i += 1) chosen.add(i);
  while (chosen.size < wanted) {
    const index = Math.floor(POOL * random.float() ** 3);
    chosen.add(chosen.has(index) ? nextFree(chosen, index) : index);
  }
  return [...chosen].map(kernelSymbol);
}

function nextFree(chosen: ReadonlySet<number>, from: number): number {
  let index = from;
  while (chosen.has(index)) index = (index + 1) % POOL;
  return index;
}

/** Checksum of a symbol in a kernel with CONFIG_MODVERSIONS. */
export const symbolCrc = fnv1a;
