// SPDX-License-Identifier: MIT
/**
 * The modules of the `published-server` catalog: those that a bare-metal server with 448 CPUs asked
 * for more than once (David Hildenbrand, 5 June 2023), and `acpi_cpufreq`. Sizes and links are those
 * of Debian 12's linux-image-6.12.117+deb12-amd64, read with readelf; columns as in the boot
 * catalog's table, in the order of the kernel's modules.order. Built in here, as on that server:
 * cryptd, scsi_mod, and the parts that skx_edac shares with later drivers.
 */
export const SERVER_MODULES = `
arch/x86/events/intel/intel-uncore 500335 51973 56930 82730 1168 2048 1617 82
arch/x86/events/intel/intel-cstate 38014 924 5588 4712 49 633 197 12
arch/x86/events/rapl 44254 2273 7697 4184 1064 796 205 40
arch/x86/crypto/ghash-clmulni-intel 23735 2007 3512 2400 0 116 95 24
arch/x86/crypto/crc32c-intel 27535 6048 4272 1864 0 108 75 10
arch/x86/crypto/crc32-pclmul 15471 1026 2045 1848 0 76 68 10
arch/x86/crypto/crct10dif-pclmul 15918 1545 2056 1824 0 64 64 9
arch/x86/kvm/kvm 2904920 511286 362788 138428 1201 558 7934 445
arch/x86/kvm/kvm-intel 1119816 224691 128399 31625 8320 3789 1306 129
drivers/char/ipmi/ipmi_msghandler 181238 34572 25654 3785 118 140 510 85
drivers/char/ipmi/ipmi_devintf 39240 5071 6842 1524 4 249 121 30
drivers/char/ipmi/ipmi_si 190726 29955 31249 5225 290 969 573 93
drivers/acpi/nfit/nfit 180760 30947 24593 6486 1306 433 500 78
drivers/dma/ioat/ioatdma 154742 26874 28408 5150 16 336 448 96
drivers/net/ethernet/intel/i40e/i40e 1311288 308011 196758 21633 20 220 2166 315
drivers/net/ethernet/intel/ice/ice 2940135 582790 418255 80790 4216 362 5684 482
drivers/net/fjes/fjes 258375 37745 30971 16880 8 251 741 121
drivers/hwmon/coretemp 34591 3642 6400 1396 20 592 120 49
drivers/thermal/intel/intel_powerclamp 38616 3340 7077 1688 2544 422 161 49
drivers/thermal/intel/x86_pkg_temp_thermal 30063 2486 5538 1588 32 328 123 48
drivers/edac/skx_edac 29007 3728 4283 1628 32 1264 96 31
drivers/cpufreq/acpi-cpufreq 60183 5930 10761 3998 24 805 211 65
drivers/platform/x86/intel/speed_select_if/isst_if_common 40639 4237 6751 1589 2232 434 159 36
drivers/platform/x86/intel/speed_select_if/isst_if_mbox_msr 14374 664 2134 1344 0 330 57 10
drivers/platform/x86/intel/uncore-frequency/intel-uncore-frequency 23030 1065 5004 1368 1032 287 106 21
drivers/platform/x86/intel/uncore-frequency/intel-uncore-frequency-common 26383 3037 3344 1536 32 0 108 19
drivers/powercap/intel_rapl_common 105280 12325 17402 6652 376 193 370 53
drivers/nvdimm/libnvdimm 543456 84239 68274 20800 176 845 1656 164
drivers/ata/libata 969447 154988 138004 47302 2136 1268 2781 235
drivers/ata/ahci 147455 7043 48865 3504 20 51 513 48
drivers/ata/libahci 148007 16895 18654 3489 8 0 375 39
drivers/infiniband/core/ib_core 1156600 197234 148557 35014 993 746 3264 248
drivers/infiniband/core/ib_uverbs 457200 84517 65651 5049 4 282 1258 173
drivers/infiniband/hw/irdma/irdma 1041262 194924 116939 41642 0 202 2054 149
drivers/dca/dca 34215 3047 4684 1520 56 196 151 29
drivers/gnss/gnss 32024 2400 6185 1512 12 188 144 50
virt/lib/irqbypass 18183 1532 2038 1424 0 0 58 10
`;

/** User, owner, symbols it uses of it. */
export const SERVER_LINKS = `
kvm irqbypass irq_bypass_unregister_consumer irq_bypass_register_consumer
kvm_intel kvm __SCK__kvm_x86_cache_reg kvm_x86_vendor_init __tracepoint_kvm_ple_window_update
ipmi_devintf ipmi_msghandler ipmi_get_my_address ipmi_create_user ipmi_destroy_user
ipmi_si ipmi_msghandler ipmi_add_smi ipmi_unregister_smi ipmi_addr_src_to_str
nfit libnvdimm nvdimm_region_notify nd_region_provider_data nvdimm_bus_add_badrange
ioatdma dca free_dca_provider unregister_dca_provider register_dca_provider
ice gnss gnss_insert_raw gnss_allocate_device gnss_deregister_device
isst_if_mbox_msr isst_if_common isst_if_mbox_cmd_invalid isst_resume_common isst_if_cdev_register
intel_uncore_frequency intel_uncore_frequency_common uncore_freq_add_entry uncore_freq_remove_die_entry uncore_freq_common_init
ahci libahci ahci_ops ahci_check_ready ahci_dev_classify
ahci libata ata_scsi_ioctl ata_std_bios_param ata_scsi_slave_alloc
libahci libata sata_async_notification ata_port_abort dev_attr_link_power_management_policy
ib_uverbs ib_core ib_unregister_client ibdev_warn ib_create_qp_user
irdma i40e i40e_client_device_register i40e_client_device_unregister
irdma ib_core __rdma_block_iter_start ibdev_warn rdma_read_gid_l2_fields
irdma ib_uverbs ib_umem_check_rereg ib_umem_release ib_umem_find_best_pgsz
irdma ice ice_del_rdma_qset ice_add_rdma_qset ice_rdma_update_vsi_filter
skx_edac nfit nfit_get_smbios_id
`;

/** Aliases as depmod lists them; of the devices, one of each kind. */
export const SERVER_ALIASES = `
intel_uncore cpu:type:x86,ven0000fam0006mod0055:feature:*
intel_cstate cpu:type:x86,ven0000fam0006mod0055:feature:*
rapl cpu:type:x86,ven0000fam0006mod0055:feature:*
ghash_clmulni_intel cpu:type:x86,ven*fam*mod*:feature:*0081*
crc32c_intel cpu:type:x86,ven*fam*mod*:feature:*0094*
crc32_pclmul cpu:type:x86,ven*fam*mod*:feature:*0081*
crct10dif_pclmul cpu:type:x86,ven*fam*mod*:feature:*0081*
kvm_intel cpu:type:x86,ven*fam*mod*:feature:*0085*
ipmi_si acpi*:IPI0001:*
nfit acpi*:ACPI0012:*
coretemp cpu:type:x86,ven0000fam*mod*:feature:*01C0*
intel_powerclamp cpu:type:x86,ven0000fam*mod*:feature:*0083*
x86_pkg_temp_thermal cpu:type:x86,ven0000fam*mod*:feature:*01C6*
skx_edac cpu:type:x86,ven0000fam0006mod0055:feature:*
isst_if_common cpu:type:x86,ven0000fam0006mod0055:feature:*
isst_if_mbox_msr cpu:type:x86,ven0000fam0006mod0055:feature:*
intel_uncore_frequency cpu:type:x86,ven0000fam0006mod0055:feature:*
intel_rapl_common cpu:type:x86,ven0000fam0006mod0055:feature:*
acpi_cpufreq acpi*:ACPI0007:*
acpi_cpufreq cpu:type:x86,ven*fam*mod*:feature:*0016*
fjes acpi*:PNP0C02:*
ahci pci:v*d*sv*sd*bc01sc06i01*
i40e pci:v00008086d0000158B*
ice pci:v00008086d00001592*
irdma auxiliary:ice.roce
ioatdma pci:v00008086d00002021*
`;
