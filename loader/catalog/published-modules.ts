// SPDX-License-Identifier: MIT
/**
 * The modules of the guests whose boots were measured for the `published-*` scenarios: 67, as many
 * as those guests loaded. Which ones they were is known of the 24 that failed; the others are what
 * a KVM guest with NVMe drives, virtio and a graphics card loads besides.
 *
 * Sizes are those of Debian 12's linux-image-6.12.117+deb12-amd64, read with readelf. Ten modules
 * that kernel has built in (crc64, crc64_rocksoft and its generic part, sha512_generic, t10_pi,
 * virtio and its parts) are those of linux-image-6.1-686, each
 * column times what the 48 modules of both kernels have more in the 64-bit one: file 2.691, text
 * 1.137, rodata 4.281, data 1.748, bss 1.433, init text 3.132, symbols 1.446.
 */

/** Columns as in the boot catalog's table; in the order of the kernel's modules.order. */
export const PUBLISHED_MODULES = `
arch/x86/crypto/aesni-intel 197494 81303 13307 9248 168 839 358 34
arch/x86/crypto/sha512-ssse3 63199 32589 5601 3096 0 385 137 16
arch/x86/crypto/ghash-clmulni-intel 23735 2051 3512 1128 0 124 95 19
arch/x86/crypto/crc32c-intel 27535 6080 4272 592 0 116 75 10
arch/x86/crypto/crc32-pclmul 15471 1058 2045 576 0 84 68 10
arch/x86/crypto/crct10dif-pclmul 15918 1577 2056 552 0 72 64 9
arch/x86/kvm/kvm 2904920 511320 362558 137386 1201 790 7934 445
arch/x86/kvm/kvm-intel 1119816 224691 128175 30577 8320 5029 1306 129
fs/mbcache 30335 2865 4484 268 8 166 135 31
fs/configfs/configfs 146894 22363 23139 2044 32 269 400 94
fs/netfs/netfs 691278 93369 78069 46097 271008 8605 2191 177
fs/ext4/ext4 2459240 500752 302603 121567 1168 3126 5148 556
fs/jbd2/jbd2 428118 65676 52374 20021 136 1075 1185 154
fs/autofs/autofs4 134255 20250 23864 3073 0 197 370 121
fs/xfs/xfs 5566742 954393 573123 333360 520 12672 13915 454
fs/9p/9p 209608 35573 35083 2395 20 376 503 136
fs/btrfs/btrfs 4782959 1075541 563251 146832 16872 6159 7494 598
fs/efivarfs/efivarfs 63600 8244 13032 461 20 45 219 85
crypto/cryptd 58950 6646 8957 648 16 314 263 57
crypto/crc32c_generic 11662 418 1239 568 0 45 54 5
crypto/xor 31502 8808 3591 328 8 600 86 16
crypto/crypto_simd 26414 2879 4300 184 0 0 107 23
crypto/crc64_rocksoft_generic 15040 249 514 692 0 63 51 3
crypto/sha512_generic 43231 8208 4414 1377 0 78 94 7
block/t10-pi 33974 4491 3652 10 0 0 119 7
lib/crc16 6664 64 1022 8 0 0 28 1
lib/libcrc32c 9024 176 926 44 8 67 45 5
lib/raid6/raid6_pq 153936 19351 88879 368 72 1045 200 16
lib/crc64 21821 267 18228 0 0 0 36 0
lib/crc64-rocksoft 23533 603 1134 98 29 210 95 19
drivers/acpi/button 41047 4042 9565 753 24 125 145 41
drivers/virtio/virtio_balloon 57711 9113 9886 824 0 52 173 79
drivers/virtio/virtio 46094 3653 4272 594 0 0 195 33
drivers/virtio/virtio_pci 76890 8529 5039 420 1 94 276 75
drivers/virtio/virtio_pci_legacy_dev 25998 802 3125 0 0 0 136 14
drivers/virtio/virtio_pci_modern_dev 44985 3744 6588 0 0 0 204 23
drivers/virtio/virtio_ring 101324 17351 9208 1127 0 0 360 30
drivers/char/hw_random/virtio-rng 20463 1844 3083 380 0 52 85 23
drivers/gpu/drm/drm 1593591 261840 260963 16634 4240 996 4704 338
drivers/block/virtio_blk 73912 11958 12874 1489 28 168 225 90
drivers/scsi/scsi_mod 686328 98260 132036 22861 668 6550 1842 254
drivers/scsi/scsi_common 17840 1210 2268 80 0 0 89 2
drivers/scsi/sr_mod 76086 11168 11330 496 68 126 194 37
drivers/scsi/sg 102984 17875 16786 537 28 262 242 91
drivers/nvme/host/nvme-core 526840 80153 77761 14626 64 681 1498 259
drivers/nvme/host/nvme 157662 23551 30707 1451 16 59 487 112
drivers/net/virtio_net 257231 58648 41259 4651 36 199 580 220
drivers/net/net_failover 45471 5076 9352 284 0 40 150 54
drivers/cdrom/cdrom 159136 26016 21090 8079 1055 45 427 33
drivers/input/serio/serio_raw 28455 2833 5159 576 0 59 109 40
drivers/input/misc/pcspkr 14622 726 2127 264 0 52 59 13
drivers/input/evdev 53720 9056 10554 344 0 45 168 79
drivers/input/joydev 47358 7183 12132 356 0 45 144 62
drivers/i2c/busses/i2c-piix4 57319 7515 11597 1248 80 59 152 39
drivers/md/dm-mod 517790 86729 80442 6419 176 1957 1408 279
drivers/block/loop 90806 15994 15412 933 12 271 270 104
drivers/firmware/efi/efi-pstore 19959 2251 3236 220 1 8 81 24
drivers/ata/libata 969447 155108 138004 46030 2136 5908 2781 207
drivers/ata/ata_piix 101984 5093 27552 3792 8 78 274 41
drivers/ata/ata_generic 50847 868 4185 1288 4 59 98 13
net/core/failover 22295 2004 3211 172 4 52 88 23
net/netfilter/nfnetlink 42951 5431 6638 268 524 124 154 40
net/netfilter/x_tables 112399 14806 16645 1192 176 294 432 69
net/ipv4/netfilter/ip_tables 50871 9035 8142 596 0 155 162 40
net/9p/9pnet 234839 29408 31492 15872 288 2534 776 93
net/9p/9pnet_virtio 41663 5653 6639 728 36 132 133 51
virt/lib/irqbypass 18183 1532 2038 144 0 0 58 10
`;

/** User, owner, symbols it uses of it. */
export const PUBLISHED_LINKS = `
9p 9pnet __tracepoint_9p_fid_ref do_trace_9p_fid_get do_trace_9p_fid_put
9p netfs __fscache_acquire_cookie __fscache_acquire_volume __fscache_relinquish_cookie
9pnet netfs netfs_write_subrequest_terminated
9pnet_virtio 9pnet p9_client_cb p9_release_pages p9_req_put
aesni_intel crypto_simd simd_register_aeads_compat simd_register_skciphers_compat simd_unregister_aeads
ata_generic libata ata_bmdma_port_ops ata_cable_unknown ata_common_sdev_groups
ata_piix libata __SCK__tp_func_ata_bmdma_status __SCT__tp_func_ata_bmdma_status __tracepoint_ata_bmdma_status
btrfs libcrc32c crc32c
btrfs raid6_pq raid6_2data_recov raid6_call raid6_datap_recov
btrfs xor xor_blocks
crc64_rocksoft crc64 crc64_rocksoft_generic!
crc64_rocksoft_generic crc64 crc64_rocksoft_generic!
crypto_simd cryptd cryptd_aead_child cryptd_aead_queued cryptd_alloc_aead
ext4 crc16 crc16
ext4 jbd2 jbd2__journal_restart jbd2__journal_start jbd2_complete_transaction
ext4 mbcache __mb_cache_entry_free mb_cache_create mb_cache_destroy
ghash_clmulni_intel cryptd cryptd_ahash_child cryptd_ahash_queued cryptd_alloc_ahash
ip_tables x_tables xt_alloc_entry_offsets xt_alloc_table_info xt_check_entry_offsets
kvm irqbypass irq_bypass_register_consumer irq_bypass_unregister_consumer
kvm_intel kvm __SCK__kvm_x86_cache_reg __SCK__kvm_x86_get_cs_db_l_bits __SCK__tp_func_kvm_apicv_accept_irq
libata scsi_common scsi_build_sense_buffer scsi_command_size_tbl scsi_sense_desc_find
libata scsi_mod __scsi_add_device __scsi_format_command scsi_add_host_with_dma
net_failover failover failover_register failover_slave_unregister failover_unregister
nvme nvme_core __SCK__tp_func_nvme_sq __SCT__tp_func_nvme_sq __nvme_check_ready
nvme_core t10_pi ext_pi_type1_crc64! ext_pi_type3_crc64! t10_pi_type1_crc t10_pi_type3_crc
scsi_mod scsi_common scsi_build_sense_buffer scsi_command_size_tbl scsi_device_type
sg scsi_common scsi_command_size_tbl scsi_normalize_sense
sg scsi_mod __scsi_print_sense get_sg_io_hdr put_sg_io_hdr
sha512_ssse3 sha512_generic crypto_sha512_finup crypto_sha512_update
sr_mod cdrom cdrom_check_events cdrom_get_last_written cdrom_get_media_event
sr_mod scsi_common scsi_normalize_sense
sr_mod scsi_mod __scsi_register_driver scmd_printk scsi_alloc_request
t10_pi crc64_rocksoft crc64_rocksoft!
virtio_balloon virtio register_virtio_driver! unregister_virtio_driver!
virtio_balloon virtio_ring virtqueue_add_inbuf! virtqueue_add_outbuf! virtqueue_get_buf!
virtio_blk virtio register_virtio_driver! unregister_virtio_driver!
virtio_blk virtio_ring virtio_max_dma_size! virtqueue_add_sgs! virtqueue_disable_cb!
virtio_net net_failover net_failover_create net_failover_destroy
virtio_net virtio register_virtio_driver! unregister_virtio_driver!
virtio_net virtio_ring virtqueue_add_inbuf! virtqueue_add_sgs! virtqueue_enable_cb_delayed!
virtio_pci virtio register_virtio_device! unregister_virtio_device! virtio_config_changed!
virtio_pci virtio_pci_legacy_dev vp_legacy_config_vector! vp_legacy_get_queue_enable!
virtio_pci virtio_pci_modern_dev vp_modern_config_vector! vp_modern_get_num_queues!
virtio_pci virtio_ring virtio_break_device! virtqueue_get_avail_addr! virtqueue_get_desc_addr!
virtio_rng virtio register_virtio_driver! unregister_virtio_driver! virtio_reset_device!
virtio_rng virtio_ring virtqueue_add_inbuf! virtqueue_get_buf! virtqueue_kick!
xfs libcrc32c crc32c
`;

/** Aliases as depmod lists them: CPU features and device classes. */
export const PUBLISHED_ALIASES = `
aesni_intel cpu:type:x86,ven*fam*mod*:feature:*0099*
sha512_ssse3 cpu:type:x86,ven*fam*mod*:feature:*0089*
ghash_clmulni_intel cpu:type:x86,ven*fam*mod*:feature:*0081*
crct10dif_pclmul cpu:type:x86,ven*fam*mod*:feature:*0081*
crc32_pclmul cpu:type:x86,ven*fam*mod*:feature:*0081*
crc32c_intel cpu:type:x86,ven*fam*mod*:feature:*0094*
kvm_intel cpu:type:x86,ven*fam*mod*:feature:*0085*
nvme pci:v*d*sv*sd*bc01sc08i02*
virtio_pci pci:v00001AF4d*sv*sd*bc*sc*i*
evdev input:b*v*p*e*-e*k*r*a*m*l*s*f*w*
serio_raw serio:ty01pr*id*ex*
virtio_net virtio:d00000001v*
virtio_blk virtio:d00000002v*
virtio_rng virtio:d00000004v*
virtio_balloon virtio:d00000005v*
xfs fs-xfs
`;
