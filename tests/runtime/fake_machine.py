# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A copy of a machine as files: DIR/proc and DIR/sys as a pseries guest's kernel shows them, small and
# made up. What a test wants different is changed after `build`.
#
#   machine = FakeMachine(directory).build(); machine.iomem = ""; machine.write()
import os
import shutil
import struct
import subprocess


def u32(*values):
    return struct.pack(">%dI" % len(values), *values)


def u64(*values):
    return struct.pack(">%dQ" % len(values), *values)


def text(*strings):
    return b"".join(s.encode() + b"\0" for s in strings)


class FakeMachine:
    """A guest with 1 GiB of RAM at 0 and 256 MiB at 0x50000000; 64 KiB pages, little-endian, POWER9."""

    def __init__(self, root):
        self.root = root
        self.arch = "ppc64le"
        self.release = "6.1.0-made-up"
        self.page_kib = 64
        self.iomem = ("00000000-3fffffff : System RAM\n"
                      "  08000000-17ffffff : Crash kernel\n"
                      "50000000-5fffffff : System RAM\n"
                      "200080000000-2000ffffffff : /pci@800000020000000\n")
        self.files = {
            "sys/kernel/kexec_loaded": "0\n",
            "sys/kernel/vmcoreinfo": "0x0000000003a50000 1024\n",
            "sys/kernel/kexec_crash_size": "268435456\n",
            "sys/kernel/kexec/crash_cma_ranges": "50000000-51ffffff\n58000000-58ffffff\n",
            "proc/sys/kernel/kexec_load_disabled": "0\n",
            "sys/devices/system/cpu/cpufreq/boost": "1\n",  # no CPU, though its name starts so
            "sys/devices/system/cpu/possible": "0-11\n",
        }
        for cpu, address in ((0, 0x3F000000), (2, 0x3F000200), (11, 0x3F000400)):
            self.files["sys/devices/system/cpu/cpu%d/crash_notes" % cpu] = "%x\n" % address
            self.files["sys/devices/system/cpu/cpu%d/crash_notes_size" % cpu] = "420\n"
        self.tree = {
            "": {"#address-cells": u32(2), "#size-cells": u32(2),
                 "model": text("IBM pSeries (made up)"), "name": text("")},
            "chosen": {"linux,kernel-end": u64(0x2000000), "bootargs": text("root=/dev/sda1"),
                       "linux,crashkernel-base": u64(0x8000000),
                       "linux,crashkernel-size": u64(0x10000000),
                       "linux,initrd-start": u64(0x3000000), "linux,initrd-end": u64(0x3100000)},
            "memory@0": {"device_type": text("memory"), "reg": u64(0, 0x40000000)},
            "memory@50000000": {"device_type": text("memory"), "reg": u64(0x50000000, 0x10000000)},
            "cpus": {"#address-cells": u32(1), "#size-cells": u32(0), "name": text("cpus")},
            "rtas": {"linux,rtas-base": u32(0x3FF00000), "linux,rtas-entry": u32(0x3FF00000),
                     "rtas-size": u32(0x10000)},
            "pci@800000020000000": {"device_type": text("pci"), "empty": b"", "odd": b"\1\2\3\4\5"},
            "reserved-memory": {"#address-cells": u32(2), "#size-cells": u32(2), "ranges": b""},
        }
        for number in (0x8, 0x10, 0x0, 0xA0, 0x8F0):
            self.tree["cpus/PowerPC,POWER9@%x" % number] = {
                "device_type": text("cpu"), "reg": u32(number), "cpu-version": u32(0x004E1200)}
        self.reserve = [(0x3FF00000, 0x10000), (0x3000000, 0x100000)]
        self.boot_cpu = 8
        self.blob = True

    def add(self, node, **properties):
        """Adds or replaces properties; None takes one away. Keywords have `__` for `,` and `_` for `-`."""
        entry = self.tree.setdefault(node, {})
        for name, value in properties.items():
            if name != "device_type":  # the one name with an underscore
                name = name.replace("__", ",").replace("_", "-")
            if value is None:
                entry.pop(name, None)
            else:
                entry[name] = value
        return self

    def opal(self):
        """The same machine as bare metal: OPAL at 0x30000000, no RTAS."""
        del self.tree["rtas"]
        self.tree["ibm,opal"] = {"opal-base-address": u64(0x30000000),
                                 "opal-runtime-size": u64(0x2000000)}
        self.tree[""]["reserved-ranges"] = u64(0x30000000, 0x2000000, 0x38000000, 0x100000)
        self.tree[""]["reserved-names"] = text("ibm,firmware", "linux,initramfs")
        return self

    def _put(self, path, data):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())

    def write(self):
        shutil.rmtree(self.root, ignore_errors=True)
        os.makedirs(self.root)
        if self.arch is not None:
            self._put("proc/sys/kernel/arch", self.arch + "\n")
        self._put("proc/sys/kernel/osrelease", self.release + "\n")
        if self.page_kib is not None:
            self._put("proc/self/smaps", "10000000-10010000 r-xp 00000000 00:00 0 /init\n"
                      "Size:                 64 kB\nKernelPageSize:       %d kB\n" % self.page_kib)
        if self.iomem is not None:
            self._put("proc/iomem", self.iomem)
        for path, data in self.files.items():
            self._put(path, data)
        if self.tree is not None:
            for node, properties in self.tree.items():
                base = os.path.join("sys/firmware/devicetree/base", node)
                os.makedirs(os.path.join(self.root, base), exist_ok=True)
                for name, value in properties.items():
                    self._put(os.path.join(base, name), value)
            # As the kernel has it: /proc/device-tree is a link.
            os.symlink("../sys/firmware/devicetree/base", os.path.join(self.root, "proc/device-tree"))
        if self.blob:
            source = "/dts-v1/;\n"
            source += "".join("/memreserve/ 0x%x 0x%x;\n" % pair for pair in self.reserve)
            source += "/ { };\n"
            blob = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-b", str(self.boot_cpu)],
                                  input=source.encode(), stdout=subprocess.PIPE, check=True).stdout
            self._put("sys/firmware/fdt", blob)
        return self
