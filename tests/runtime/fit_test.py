# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Does baton-load take a bundle that fits the machine and refuse each misfit for its own reason?
#
# One fact of the fake machine or of the bundle is changed at a time; a refusal must give exactly the
# reasons that the change makes true, with both values in them.
import bundle_format as bundle
from fake_machine import text, u32, u64
from loader_case import LoaderCase, main


class Live(LoaderCase):
    def test_big_endian_machine_and_guest_without_names(self):
        self.machine.arch = "ppc64"
        self.accepted(bundle.sample(giver=bundle.BIG, machine=""))

    def test_unknown_facts_are_not_compared(self):
        out = self.accepted(bundle.sample(kernel_end=None, rma_end=None, hypervisor=None, crash=None,
                                          ram=[]))
        self.assertIn("segments = 5", out)

    def test_assumed_bounds_may_be_wider_than_needed(self):
        self.machine.add("chosen", linux__kernel_end=u64(0x1F00000))
        self.machine.page_kib = 4
        self.accepted(bundle.sample(ram=[(0, 0x20000000)], rma_end=0x20000000))

    def test_architecture(self):
        self.machine.arch = "x86_64"
        self.refused(bundle.sample(), ("this machine is `x86_64`", "ppc64"))
        self.machine.arch = None
        self.refused(bundle.sample(), "this machine is `unknown`")

    def test_byte_order(self):
        self.refused(bundle.sample(giver=bundle.BIG),
                     ("running kernel is little-endian", "big-endian giver only", "giver both"))
        self.machine.arch = "ppc64"
        self.refused(bundle.sample(giver=bundle.LITTLE),
                     ("running kernel is big-endian", "little-endian giver only"))

    def test_loading_disabled(self):
        self.machine.files["proc/sys/kernel/kexec_load_disabled"] = "1\n"
        self.refused(bundle.sample(), "kexec_load_disabled is 1")

    def test_crash_flag_and_option(self):
        self.refused(bundle.sample(), ("planned handoff", "load it with -l"),
                     *["outside the crashkernel reservation"] * 5, words=["-p"])
        segments = [("stub", "trampoline", 0x8000000, 0x10000, b"x")]
        crash = bundle.sample(on_crash=True, segments=segments, entry=0x8000000)
        self.refused(crash, ("built for a crash", "load it with -p"))
        self.assertIn("flags = 0x150001", self.accepted(crash, "-p"))

    def test_page_size(self):
        self.refused(bundle.sample(granule=0x1000, page=0x1000),
                     ("steps of 0x1000", "page size is 0x10000", "page = 64KiB"))
        self.machine.page_kib = None
        self.refused(bundle.sample(), "page size is not known")

    def test_kernel_end(self):
        self.machine.add("chosen", linux__kernel_end=u64(0x4000001))
        self.refused(bundle.sample(), ("running kernel ends at 0x2000000", "ends at 0x4000001", "--facts"),
                     ("segment `stub` starts at 0x4000000", "ends at 0x4000001", "linux,kernel-end"))
        self.machine.add("chosen", linux__kernel_end=None)
        self.refused(bundle.sample(), "running kernel's end is not known")
        self.machine.iomem += "00000000-01ffffff : Kernel code\n"
        self.accepted(bundle.sample())
        self.machine.iomem += "02000000-02ffffff : Kernel bss\n"
        self.refused(bundle.sample(), ("ends at 0x3000000", "(/proc/iomem)"))

    def test_ram(self):
        self.machine.iomem = "00000000-0601ffff : System RAM\n50000000-5fffffff : System RAM\n"
        self.refused(bundle.sample(ram=[]),
                     ("segment `backup` at 0x7000000 ..< 0x7010000", "not in RAM"),
                     ("segment `tree`", "not in RAM"))
        self.refused(bundle.sample(), ("assumes RAM at 0x0 ..< 0x40000000", "0x0 ..< 0x6020000"),
                     "`backup`", "`tree`")

    def test_ram_in_adjacent_pieces(self):
        self.machine.iomem = ("00000000-04ffffff : System RAM\n05000000-05007fff : System RAM\n"
                              "05008000-3fffffff : System RAM\n50000000-5fffffff : System RAM\n")
        self.accepted(bundle.sample())

    def test_a_segment_across_a_hole(self):
        self.machine.iomem = ("00000000-05007fff : System RAM\n05008001-3fffffff : System RAM\n"
                              "50000000-5fffffff : System RAM\n")
        self.refused(bundle.sample(ram=[]), ("segment `kernel`", "not in RAM"))

    def test_ram_from_memory_nodes_where_iomem_is_silent(self):
        self.machine.iomem = "200080000000-2000ffffffff : /pci@800000020000000\n"
        self.accepted(bundle.sample())
        self.machine.add("memory@0", reg=u64(0, 0x5000000))
        self.refused(bundle.sample(ram=[], rma_end=None),
                     *["is not in RAM"] * 4,
                     *["used with translation off"] * 2)

    def test_iomem_hidden_or_nothing(self):
        self.machine.iomem = "00000000-00000000 : System RAM\n00000000-00000000 : System RAM\n"
        self.refused(bundle.sample(), ("zeros", "run as root"))
        self.machine.iomem = None
        for node in ("memory@0", "memory@50000000"):
            del self.machine.tree[node]
        self.refused(bundle.sample(), "neither /proc/iomem nor /proc/device-tree",
                     "what real mode reaches is not known")

    def test_half_of_ram(self):
        segments = bundle.sample()["segments"]
        segments.append(("big", "reserve", 0x10000000, 0x2A000000, b""))
        self.refused(bundle.sample(segments=segments), ("0x2a060000 bytes", "half of the 0x50000000"))

    def test_touching_is_no_misfit(self):
        # The first segment starts where the kernel ends and where RTAS ends; the last ends with the RMA.
        self.machine.add("chosen", linux__kernel_end=u64(0x4000000))
        self.machine.add("rtas", linux__rtas_base=u32(0x3FF0000))
        self.machine.add("memory@0", reg=u64(0, 0x7110000, 0x7110000, 0x38EF0000))
        self.accepted(bundle.sample(kernel_end=0x4000000, rma_end=0x7110000))
        # Exactly half of 1.25 GiB, and one granule more.
        segments = bundle.sample()["segments"]
        big = ("big", "reserve", 0x10000000, 0x28000000 - 0x60000, b"")
        self.accepted(bundle.sample(segments=segments + [big], kernel_end=None, rma_end=None))
        big = ("big", "reserve", 0x10000000, 0x28000000 - 0x50000, b"")
        self.refused(bundle.sample(segments=segments + [big], kernel_end=None, rma_end=None),
                     "half of the 0x50000000")

    def test_crash_notes(self):
        files = self.machine.files
        files["sys/devices/system/cpu/cpu2/crash_notes"] = "3f000280\n"
        files["sys/kernel/vmcoreinfo"] = "0x3b50000 1024\n"
        self.refused(bundle.sample(),
                     ("points to 0x3f000200 ..< 0x3f0003a4", "the crash note of CPU 2 is at 0x3f000280", "since this boot"),
                     ("points to 0x3a50000 ..< 0x3a51024", "vmcoreinfo is at 0x3b50000 ..< 0x3b51024", "--facts"))
        self.accepted(bundle.sample(notes=[], vmcoreinfo=None))  # no core header: nothing points there
        del files["sys/kernel/vmcoreinfo"]
        self.refused(bundle.sample(), ("points to 3 crash notes and vmcoreinfo", "this machine has 3;"))
        self.refused(bundle.sample(notes=bundle.sample()["notes"][:2]), "points to 2 crash notes and vmcoreinfo")
        files["sys/devices/system/cpu/cpu2/crash_notes"] = "3f000200\n"
        self.accepted(bundle.sample(vmcoreinfo=None))
        files["sys/devices/system/cpu/cpu0/crash_notes_size"] = "424\n"
        self.refused(bundle.sample(vmcoreinfo=None), ("0x3f000000 ..< 0x3f0001a4", "0x3f000000 ..< 0x3f0001a8"))

    def test_no_tree(self):
        self.machine.tree = None
        self.refused(bundle.sample(), ("device tree cannot be read", "/proc/device-tree"))

    def test_rtas(self):
        self.machine.add("rtas", linux__rtas_base=u32(0x7108000))
        self.refused(bundle.sample(),
                     ("segment `tree` at 0x7100000 ..< 0x7110000", "hits RTAS at 0x7108000 ..< 0x7118000"))
        self.machine.add("rtas", linux__rtas_base=u32(0x7110000))  # just behind it
        self.accepted(bundle.sample())

    def test_opal_and_reserved_ranges(self):
        self.machine.opal()
        good = bundle.sample(hypervisor=1)
        self.accepted(good)
        self.machine.add("ibm,opal", opal_base_address=u64(0x4000000), opal_runtime_size=u64(1))
        self.refused(good, ("segment `stub`", "hits OPAL at 0x4000000 ..< 0x4000001"))
        self.machine.add("ibm,opal", opal_base_address=u64(0x30000000))
        self.machine.add("", reserved_ranges=u64(0x5010000, 0x1000, 0x6000000, 0x1000))
        # The second one is named linux,initramfs: the old initrd, free by now.
        self.refused(good, ("segment `kernel`", "hits reserved range ibm,firmware"))
        self.machine.add("", reserved_names=None)
        self.refused(good, ("segment `kernel`", "reserved range of the firmware"), "segment `initrd`")

    def test_hypervisor_fact(self):
        self.refused(bundle.sample(hypervisor=1), ("built for a hypervisor", "this machine is a guest"))
        self.machine.opal()
        self.refused(bundle.sample(), ("built for a guest", "this machine is a hypervisor"))

    def test_reserved_memory(self):
        self.machine.add("reserved-memory/heap@7000000", reg=u64(0x7000000, 0x1000))
        self.refused(bundle.sample(), ("segment `backup`", "reserved memory heap@7000000"))
        self.machine.add("chosen", linux__initrd_start=u64(0x7000000), linux__initrd_end=u64(0x7001000))
        self.accepted(bundle.sample())

    def test_tce_table(self):
        self.machine.add("pci@800000020000000/pci@1", device_type=text("pci"),
                         linux__tce_base=u64(0x5000000), linux__tce_size=u32(0x1000))
        self.refused(bundle.sample(), ("segment `kernel`", "hits TCE table at 0x5000000 ..< 0x5001000"))

    def test_rma(self):
        self.machine.add("memory@0", reg=u64(0, 0x7100000, 0x7100000, 0x38F00000))
        self.refused(bundle.sample(),
                     ("assumes that real mode reaches 0x40000000", "ends at 0x7100000"),
                     ("segment `tree` (devicetree)", "translation off", "0x7100000 only"))

    def test_rma_counts_for_what_real_mode_uses(self):
        self.machine.add("memory@0", reg=u64(0, 0x6000000, 0x6000000, 0x3A000000))
        # initrd and backup lie above too, and nobody touches them in real mode.
        self.refused(bundle.sample(rma_end=0x6000000), "segment `tree`")
        # A raw file that is entered is touched.
        segments = [("image", "file", 0x6000000, 0x10000, b"x")]
        self.refused(bundle.sample(rma_end=0x6000000, entry=0x6000000, segments=segments),
                     "segment `image` (file)")

    def test_rma_of_old_guests_ends_at_1_gib(self):
        segments = [("stub", "trampoline", 0x40000000, 0x10000, b"x")]
        high = bundle.sample(ram=[], rma_end=None, entry=0x40000000, segments=segments)
        self.machine.iomem = "00000000-7fffffff : System RAM\n"
        self.machine.add("memory@0", reg=u64(0, 0x80000000))
        self.accepted(high)  # POWER9
        for node, properties in self.machine.tree.items():
            if "cpu-version" in properties:
                properties["cpu-version"] = u32(0x004D0200)  # POWER8
        self.refused(high, ("segment `stub`", "0x40000000 only"))
        for node, properties in self.machine.tree.items():
            if "cpu-version" in properties:
                properties["cpu-version"] = u32(0x0F000005)  # ISA 3.0 by compatibility
        self.accepted(high)

    def test_crash_reservation(self):
        def crash(segments, **changes):
            return bundle.sample(on_crash=True, segments=segments, entry=segments[0][2], **changes)

        stub = ("stub", "trampoline", 0x8000000, 0x10000, b"x")
        self.accepted(crash([stub]), "-p")
        self.refused(crash([stub], crash=(0x8000000, 0x10000000)),
                     ("assumes the crashkernel reservation 0x8000000 ..< 0x10000000",
                      "has 0x8000000 ..< 0x18000000"), words=["-p"])
        low = ("low", "file", 0x7FF0000, 0x10000, b"x")
        self.refused(crash([stub, low]), ("segment `low` at 0x7ff0000 ..< 0x8000000",
                                          "outside the crashkernel reservation"), words=["-p"])
        fill = ("fill", "reserve", 0x8010000, 0xFFF0000, b"")
        self.refused(crash([stub, fill]), ("leave no free page of 0x10000", "crashkernel=SIZE"),
                     words=["-p"])
        fill = ("fill", "reserve", 0x8010000, 0xFFE0000, b"")  # one page is left at the end
        self.accepted(crash([stub, fill]), "-p")
        last = ("last", "reserve", 0x17FF0000, 0x10000, b"")
        fill = ("fill", "reserve", 0x8010000, 0xFFD0000, b"")  # one page is left in the middle
        self.accepted(crash([stub, last, fill]), "-p")
        size = self.machine.files["sys/kernel/kexec_crash_size"]
        self.machine.files["sys/kernel/kexec_crash_size"] = "134217728\n"  # half of it was given back
        self.refused(crash([stub], crash=(0x8000000, 0x18000000)), "has 0x8000000 ..< 0x10000000", words=["-p"])
        self.accepted(crash([stub], crash=(0x8000000, 0x10000000)), "-p")
        self.machine.files["sys/kernel/kexec_crash_size"] = "0\n"
        self.refused(crash([stub]), ("no memory is reserved", "crashkernel=SIZE"), words=["-p"])
        self.machine.files["sys/kernel/kexec_crash_size"] = size
        self.machine.add("chosen", linux__crashkernel_base=None, linux__crashkernel_size=None)
        self.accepted(crash([stub]), "-p")  # /proc/iomem says the same
        self.machine.iomem = self.machine.iomem.replace("Crash kernel", "reserved")
        self.refused(crash([stub]), ("no memory is reserved", "crashkernel=SIZE"), words=["-p"])

    def test_all_reasons_are_given_at_once(self):
        self.machine.arch = "ppc64"
        self.machine.add("rtas", linux__rtas_base=u32(0x4000000))
        err = self.refused(bundle.sample(giver=bundle.LITTLE, hypervisor=1, granule=0x10000),
                           "big-endian", "hits RTAS", "built for a hypervisor")
        self.assertIn("3 reasons above; nothing is loaded", err)

if __name__ == "__main__":
    main()
