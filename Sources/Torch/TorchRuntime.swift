import CTorch

/// What belongs to the whole process: libtorch's version, threads and seed.
public enum TorchRuntime {
    /// The version and build of libtorch that the shim was compiled against, such as `2.13.0+cpu` or `2.11.0+cu130`.
    public static var version: String { String(cString: ct_torch_version()) }

    /// The version and build of the torch that is loaded; nil where its folder does not say. One that differs from
    /// ``version`` may crash: the shim must be compiled anew.
    public static var loadedVersion: String? {
        let text = String(cString: ct_loaded_torch_version())
        return text.isEmpty ? nil : text
    }

    /// Checks that the libctorch which is loaded is the one that this program was compiled for; with another, calls would crash.
    ///
    /// Throws ``TorchError``.
    public static func checkInterface() throws {
        let loaded = String(cString: ct_interface())
        guard loaded != CTORCH_INTERFACE else { return }
        throw TorchError(
            kind: .other, operation: "libctorch", operands: [],
            message:
                "the library has the interface \(loaded) and this program needs \(CTORCH_INTERFACE); build both from the same "
                + "sources (Scripts/build-shim makes the library)")
    }

    /// The CPU instruction set that libtorch's kernels use, such as `AVX2`.
    public static var cpuCapability: String { String(cString: ct_cpu_capability()) }

    /// Threads that one operation may use on the CPU.
    public static var threadCount: Int { Int(ct_thread_count()) }

    /// Sets ``threadCount``. Throws when `count` is not positive.
    public static func setThreadCount(_ count: Int) throws {
        try check(ct_set_thread_count(Int32(clamping: count)), "set_num_threads(\(count))")
    }

    /// Makes the process one for large tensors: large pages and one arena for the host's, growing segments for a CUDA device's, and
    /// workspaces with which cuBLAS gives the same bits each time. What the environment says already stays.
    ///
    /// For a program that does nothing else, to call before libtorch's first tensor and before its own first thread. A library leaves it
    /// alone: the process is not its own.
    public static func configureProcess() { ct_configure_process() }

    /// Whether freed memory stays with the process, or is given back as glibc does by itself.
    ///
    /// Where it stays, the next pass need not ask the kernel for it, which is up to a fifth quicker. Blocks of 8 MiB and more are kept up to the
    /// most that was in use at once, so that they do not raise the peak (on Linux); smaller ones are malloc's, and glibc's alone are kept.
    public static func keepFreedMemory(_ keeps: Bool) { ct_keep_freed_memory(keeps) }

    /// From now on the same input gives the same bits on a CUDA device, wherever torch has an algorithm that does; elsewhere torch warns.
    ///
    /// For the whole process. cuBLAS needs `CUBLAS_WORKSPACE_CONFIG=:4096:8` in the environment for it, before its first use, which
    /// ``configureProcess()`` sees to.
    package static func useDeterministicAlgorithms() { ct_use_deterministic_algorithms() }

    /// Seeds the default generators of every device.
    public static func manualSeed(_ seed: Int) throws {
        try check(ct_manual_seed(Int64(seed)), "manual_seed")
    }

    /// Tensors alive in this process, of which a leak makes a growing number.
    public static var liveTensorCount: Int { Int(ct_tensor_live_count()) }
}
