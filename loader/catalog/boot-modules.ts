// SPDX-License-Identifier: MIT
/**
 * The modules of the bundled `boot` catalog: those a server with NVMe, SATA, virtio and USB loads
 * while it boots. Sizes are those of Debian 12's 6.1 kernel (i386; amd64 where i386 has no such
 * module), links are some of the symbols that its modules use of each other.
 */

/**
 * Path below kernel/; bytes of the file, text, rodata, data, bss and init text; symbols in the
 * table and symbols used of the kernel.
 */
export const BOOT_MODULES = `
arch/x86/crypto/aesni-intel 17837 6671 272 1844 16 128 90 17
arch/x86/crypto/crc32-pclmul 7585 812 307 396 0 52 53 9
arch/x86/crypto/crc32c-intel 6401 443 160 396 0 41 42 4
arch/x86/crypto/crct10dif-pclmul 14113 1457 918 488 0 44 51 8
arch/x86/crypto/ghash-clmulni-intel 20217 1755 1432 968 0 84 71 18
arch/x86/crypto/sha512-ssse3 62841 32462 4262 2888 0 154 126 14
arch/x86/kvm/kvm-intel 519713 239992 46004 12896 8456 4342 963 276
arch/x86/kvm/kvm 1019237 418363 87141 80464 1389 204 5592 395
block/t10-pi 12625 3950 853 6 0 0 82 7
crypto/crc32c_generic 5781 252 128 396 0 20 38 4
crypto/crc64_rocksoft_generic 5589 219 120 396 0 20 35 3
crypto/crct10dif_common 4301 57 648 0 0 0 21 1
crypto/cryptd 23913 4928 927 168 8 202 200 57
crypto/crypto_simd 12101 2386 439 48 0 0 85 26
crypto/sha512_generic 16065 7219 1031 788 0 25 65 7
crypto/xor 25377 13714 1274 256 4 559 90 12
drivers/acpi/button 19321 3105 3456 365 12 77 112 35
drivers/ata/ahci 71293 5337 21763 1196 8 30 476 72
drivers/ata/libahci 45625 14108 4014 873 8 0 320 73
drivers/ata/libata 398677 139397 46224 33050 652 801 2214 221
drivers/block/loop 39677 14288 1321 301 12 202 226 115
drivers/block/virtio_blk 30797 8828 1242 405 20 113 192 89
drivers/cdrom/cdrom 72389 24010 9604 3587 1055 17 363 37
drivers/char/hw_random/virtio-rng 9549 1390 232 152 0 20 67 19
drivers/hid/hid-generic 5693 174 168 164 0 30 39 3
drivers/hid/hid 152225 52322 38217 4089 384 307 615 128
drivers/hid/usbhid/usbhid 68733 26085 5208 1356 32 91 360 113
drivers/i2c/busses/i2c-i801 37141 8413 4778 412 4 172 219 68
drivers/i2c/i2c-smbus 11669 1376 757 196 0 25 83 28
drivers/input/evdev 23153 7385 892 68 0 20 135 77
drivers/input/misc/pcspkr 6761 486 285 112 0 25 43 11
drivers/input/serio/serio_raw 14029 2421 641 244 0 30 94 41
drivers/md/dm-mod 185761 76119 16133 2155 88 1089 1031 256
drivers/net/net_failover 19665 4451 1378 44 0 12 123 56
drivers/net/virtio_net 77225 33144 4405 1159 4 134 356 167
drivers/nvme/host/nvme-core 164717 58009 13219 6933 40 382 1047 240
drivers/nvme/host/nvme 66537 21163 5631 426 16 30 406 160
drivers/powercap/intel_rapl_common 34413 7963 3208 1156 12 149 207 39
drivers/powercap/intel_rapl_msr 11117 924 782 784 4 25 70 19
drivers/scsi/scsi_common 8005 1153 980 0 0 0 62 1
drivers/scsi/scsi_mod 288057 80758 62155 16153 500 438 1453 259
drivers/scsi/sd_mod 74793 34577 5369 713 8 286 316 123
drivers/scsi/sr_mod 27237 9772 1515 108 68 68 141 54
drivers/usb/common/usb-common 18601 2886 2878 8 12 74 140 19
drivers/usb/core/usbcore 345869 133556 35376 8259 1388 434 2062 296
drivers/usb/host/xhci-hcd 313289 119657 37678 21338 16 66 1400 155
drivers/usb/host/xhci-pci 18237 5068 785 468 0 75 104 37
drivers/virtio/virtio 17129 3213 998 340 0 0 135 33
drivers/virtio/virtio_balloon 23661 6934 665 220 0 20 139 66
drivers/virtio/virtio_pci 28573 7501 1177 240 1 30 191 75
drivers/virtio/virtio_pci_legacy_dev 9661 705 730 0 0 0 94 14
drivers/virtio/virtio_pci_modern_dev 16717 3293 1539 0 0 0 141 23
drivers/virtio/virtio_ring 37653 15260 2151 645 0 0 249 30
fs/autofs/autofs4 53761 17133 5369 1168 0 102 281 114
fs/btrfs/btrfs 1824397 1051853 98139 92166 9860 1579 5043 562
fs/configfs/configfs 52909 17917 3754 964 16 133 307 91
fs/efivarfs/efivarfs 24105 6103 1948 61 0 36 151 72
fs/ext4/ext4 957757 463537 61287 81500 600 1113 3571 591
fs/fuse/fuse 164733 82626 6321 1182 32 370 772 288
fs/jbd2/jbd2 164693 57988 10108 13017 100 503 922 153
fs/mbcache 13845 2497 672 40 4 49 108 29
fs/xfs/xfs 1801529 805869 78855 178846 276 2407 8505 415
lib/crc-t10dif 8553 498 248 56 20 67 65 19
lib/crc16 4169 49 660 0 0 0 22 0
lib/crc64-rocksoft 8745 530 265 56 20 67 66 19
lib/crc64 8109 235 4258 0 0 0 25 0
lib/libcrc32c 5449 153 172 16 4 34 39 5
lib/raid6/raid6_pq 109437 13880 80952 4 28 690 155 16
lib/zstd/zstd_compress 253497 214793 9913 0 0 0 378 18
net/core/failover 10965 1766 458 76 4 22 75 23
virt/lib/irqbypass 7929 1265 308 36 0 0 49 10
`;

/** User, owner, symbols; a symbol with ! is GPL-only. */
export const BOOT_LINKS = `
aesni_intel crypto_simd simd_register_aeads_compat! simd_register_skciphers_compat!
ahci libahci ahci_check_ready! ahci_ignore_sss! ahci_ops! ahci_reset_controller! ahci_sdev_groups!
ahci libata ata_dev_next! ata_link_next! ata_print_version ata_scsi_slave_alloc! ata_tf_to_fis!
btrfs zstd_compress zstd_compress_stream zstd_cstream_workspace_bound zstd_end_stream
btrfs raid6_pq raid6_2data_recov! raid6_call! raid6_datap_recov!
btrfs xor xor_blocks
btrfs libcrc32c crc32c crc32c_impl
crc64_rocksoft crc64 crc64_rocksoft_generic!
crc64_rocksoft_generic crc64 crc64_rocksoft_generic!
crc_t10dif crct10dif_common crc_t10dif_generic
crct10dif_pclmul crct10dif_common crc_t10dif_generic
crypto_simd cryptd cryptd_aead_child! cryptd_aead_queued! cryptd_alloc_aead! cryptd_alloc_skcipher!
ext4 jbd2 jbd2__journal_restart jbd2_journal_abort jbd2_journal_finish_inode_data_buffers
ext4 mbcache __mb_cache_entry_free mb_cache_destroy mb_cache_entry_delete_or_get
ext4 crc16 crc16
ghash_clmulni_intel cryptd cryptd_ahash_child! cryptd_ahash_queued! cryptd_alloc_ahash!
hid_generic hid __hid_register_driver! hid_bus_type hid_hw_start! hid_match_device! hid_open_report!
i2c_i801 i2c_smbus i2c_register_spd!
intel_rapl_msr intel_rapl_common rapl_add_package! rapl_find_package_domain! rapl_remove_package!
kvm irqbypass irq_bypass_register_consumer! irq_bypass_unregister_consumer!
kvm_intel kvm __SCT__kvm_x86_cache_reg! gfn_to_page! kvm_emulate_rdmsr! kvm_lapic_set_eoi!
libahci libata ata_dev_set_feature! ata_link_abort! ata_qc_complete_multiple! ata_wait_register!
libata scsi_mod __scsi_add_device scsi_build_sense! scsi_device_put scsi_eh_flush_done_q
libata scsi_common scsi_command_size_tbl scsi_sense_desc_find scsi_set_sense_field_pointer
net_failover failover failover_register! failover_slave_unregister! failover_unregister!
nvme nvme_core __SCT__tp_func_nvme_sq! nvme_complete_async_event! nvme_init_ctrl! nvme_set_features!
nvme_core t10_pi ext_pi_type1_crc64! ext_pi_type3_crc64! t10_pi_type1_crc t10_pi_type3_crc
scsi_mod scsi_common scsi_build_sense_buffer scsi_command_size_tbl scsi_device_type
sd_mod scsi_mod __scsi_execute scsi_block_when_processing_errors scsi_free_sgtables!
sd_mod t10_pi t10_pi_type1_crc t10_pi_type1_ip t10_pi_type3_crc t10_pi_type3_ip
sha512_ssse3 sha512_generic crypto_sha512_finup crypto_sha512_update
sr_mod scsi_mod __scsi_execute scsi_alloc_sgtables scsi_block_when_processing_errors
sr_mod cdrom cdrom_check_events cdrom_get_media_event cdrom_number_of_slots
sr_mod scsi_common scsi_normalize_sense
t10_pi crc_t10dif crc_t10dif
t10_pi crc64_rocksoft crc64_rocksoft!
usbcore usb_common usb_debug_root! usb_decode_interval! usb_ep_type_string! usb_led_activity!
usbhid hid hid_add_device! hid_debug! hid_driver_suspend! hid_input_report! hid_quirks_exit!
usbhid usbcore __usb_get_extra_descriptor! usb_autopm_get_interface_no_resume! usb_clear_halt!
virtio_balloon virtio register_virtio_driver! unregister_virtio_driver!
virtio_balloon virtio_ring virtqueue_add_inbuf! virtqueue_add_outbuf! virtqueue_get_buf!
virtio_blk virtio register_virtio_driver! unregister_virtio_driver!
virtio_blk virtio_ring virtio_max_dma_size! virtqueue_add_sgs! virtqueue_disable_cb!
virtio_net virtio register_virtio_driver! unregister_virtio_driver!
virtio_net virtio_ring virtqueue_add_inbuf! virtqueue_add_sgs! virtqueue_enable_cb_delayed!
virtio_net net_failover net_failover_create! net_failover_destroy!
virtio_pci virtio_ring virtio_break_device! virtqueue_get_avail_addr! virtqueue_get_desc_addr!
virtio_pci virtio_pci_modern_dev vp_modern_config_vector! vp_modern_get_num_queues!
virtio_pci virtio_pci_legacy_dev vp_legacy_config_vector! vp_legacy_get_queue_enable!
virtio_pci virtio register_virtio_device! unregister_virtio_device! virtio_config_changed!
virtio_rng virtio register_virtio_driver! unregister_virtio_driver! virtio_reset_device!
virtio_rng virtio_ring virtqueue_add_inbuf! virtqueue_get_buf! virtqueue_kick!
xfs libcrc32c crc32c
xhci_hcd usbcore usb_acpi_power_manageable! usb_hc_died! usb_hcd_giveback_urb!
xhci_hcd usb_common usb_debug_root!
xhci_pci xhci_hcd __SCT__tp_func_xhci_dbg_quirks! xhci_dbg_trace! xhci_gen_setup! xhci_resume!
xhci_pci usbcore usb_acpi_port_lpm_incapable! usb_create_shared_hcd! usb_hcd_pci_pm_ops!
`;

/** Aliases by which devices and file systems ask for a module. */
export const BOOT_ALIASES = `
aesni_intel crypto-aes
aesni_intel aes
aesni_intel cpu:type:x86,ven*fam*mod*:feature:*0099*
ahci pci:v*d*sv*sd*bc01sc06i01*
ahci pci:v00000014d00007A08sv*sd*bc*sc*i*
ahci pci:v00001C44d00008000sv*sd*bc*sc*i*
autofs4 autofs
autofs4 fs-autofs
autofs4 devname:autofs
btrfs devname:btrfs-control
btrfs char-major-10-234
btrfs fs-btrfs
button acpi*:LNXPWRBN:*
button acpi*:PNP0C0C:*
button acpi*:LNXSLPBN:*
configfs fs-configfs
crc32_pclmul crypto-crc32-pclmul
crc32_pclmul crc32-pclmul
crc32_pclmul crypto-crc32
crc32c_generic crypto-crc32c-generic
crc32c_generic crc32c-generic
crc32c_generic crypto-crc32c
crc32c_intel crypto-crc32c-intel
crc32c_intel crc32c-intel
crc32c_intel crypto-crc32c
crc64_rocksoft_generic crypto-crc64-rocksoft-generic
crc64_rocksoft_generic crc64-rocksoft-generic
crc64_rocksoft_generic crypto-crc64-rocksoft
crct10dif_pclmul crypto-crct10dif-pclmul
crct10dif_pclmul crct10dif-pclmul
crct10dif_pclmul crypto-crct10dif
cryptd crypto-cryptd
cryptd cryptd
dm_mod devname:mapper/control
dm_mod char-major-10-236
efivarfs fs-efivarfs
evdev input:b*v*p*e*-e*k*r*a*m*l*s*f*w*
ext4 fs-ext4
ext4 ext3
ext4 fs-ext3
fuse devname:fuse
fuse char-major-10-229
fuse fs-fuseblk
ghash_clmulni_intel crypto-ghash
ghash_clmulni_intel ghash
ghash_clmulni_intel cpu:type:x86,ven*fam*mod*:feature:*0081*
hid_generic hid:b*g*v*p*
i2c_i801 pci:v00008086d00007E22sv*sd*bc*sc*i*
i2c_i801 pci:v00008086d00007A23sv*sd*bc*sc*i*
i2c_i801 pci:v00008086d000054A3sv*sd*bc*sc*i*
i2c_smbus i2c:smbus_alert
intel_rapl_common cpu:type:x86,ven0009fam0018mod*:feature:*
intel_rapl_common cpu:type:x86,ven0002fam0019mod*:feature:*
intel_rapl_common cpu:type:x86,ven0002fam0017mod*:feature:*
intel_rapl_msr platform:intel_rapl_msr
kvm_intel cpu:type:x86,ven*fam*mod*:feature:*0085*
loop devname:loop-control
loop char-major-10-237
loop block-major-7-*
nvme pci:v*d*sv*sd*bc01sc08i02*
nvme pci:v0000106Bd00002005sv*sd*bc*sc*i*
nvme pci:v0000106Bd00002003sv*sd*bc*sc*i*
pcspkr platform:pcspkr
sd_mod scsi:t-0x14*
sd_mod scsi:t-0x0e*
sd_mod scsi:t-0x07*
serio_raw serio:ty06pr*id*ex*
serio_raw serio:ty01pr*id*ex*
sha512_generic crypto-sha512-generic
sha512_generic sha512-generic
sha512_generic crypto-sha512
sha512_ssse3 crypto-sha384-avx2
sha512_ssse3 sha384-avx2
sha512_ssse3 crypto-sha384-avx
sr_mod scsi:t-0x04*
sr_mod scsi:t-0x05*
sr_mod block-major-11-*
usbcore usb:v*p*d*dc*dsc*dp*ic09isc*ip*in*
usbcore usb:v*p*d*dc09dsc*dp*ic*isc*ip*in*
usbcore usb:v0424p4915d*dc*dsc*dp*ic*isc*ip*in*
usbhid usb:v*p*d*dc*dsc*dp*ic03isc*ip*in*
virtio_balloon virtio:d00000005v*
virtio_blk virtio:d00000002v*
virtio_net virtio:d00000001v*
virtio_pci pci:v00001AF4d*sv*sd*bc*sc*i*
virtio_rng virtio:d00000004v*
xfs fs-xfs
xhci_pci pci:v*d*sv*sd*bc0Csc03i30*
xhci_pci pci:v00001912d00000015sv*sd*bc*sc*i*
xhci_pci pci:v00001912d00000014sv*sd*bc*sc*i*
`;

/** Modules to load before, though no symbol asks for them. */
export const BOOT_SOFTDEPS = `
btrfs pre: blake2b-256
btrfs pre: sha256
btrfs pre: xxhash64
btrfs pre: crypto-crc32c
crc64_rocksoft pre: crc64
crc_t10dif pre: crct10dif
ext4 pre: crypto-crc32c
jbd2 pre: crypto-crc32c
libcrc32c pre: crc32c
`;
