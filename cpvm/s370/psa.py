"""Permanently assigned storage locations: real addresses, in bytes.

Source: *Principles of Operation*, GA22-7000, "Assigned Storage Locations".
"""

RESTART_NEW = 0x00
RESTART_OLD = 0x08
EXTERNAL_OLD = 0x18
SVC_OLD = 0x20
PROGRAM_OLD = 0x28
MACHINE_CHECK_OLD = 0x30
IO_OLD = 0x38
CSW = 0x40
CAW = 0x48
INTERVAL_TIMER = 0x50
EXTERNAL_NEW = 0x58
SVC_NEW = 0x60
PROGRAM_NEW = 0x68
MACHINE_CHECK_NEW = 0x70
IO_NEW = 0x78

# stored only in the EC mode, where the old PSW has no interruption code
EXTERNAL_CODE = 0x84
SVC_ILC = 0x88
PROGRAM_ILC = 0x8C
TRANSLATION_ADDRESS = 0x90
MONITOR_CLASS = 0x94
PER_CODE = 0x96
PER_ADDRESS = 0x98
MONITOR_CODE = 0x9C
CHANNEL_ID = 0xA8
IO_ADDRESS = 0xB8

# stored by machine-check interruptions in both modes, with the status below, here at real addresses
MACHINE_CHECK_CODE = 0xE8
FAILING_STORAGE = 0xF8

# where "store status" puts things (absolute addresses)
STATUS_CPU_TIMER = 0xD8
STATUS_COMPARATOR = 0xE0
STATUS_PSW = 0x100
STATUS_PREFIX = 0x108
STATUS_FLOATING = 0x160
STATUS_GENERAL = 0x180
STATUS_CONTROL = 0x1C0
