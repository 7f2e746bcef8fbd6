import CTorch
import Foundation

/// Where a tensor's memory is and where its operations run.
public struct Device: Hashable, Sendable, CustomStringConvertible {
    public enum Kind: String, Sendable, CaseIterable {
        case cpu, cuda, mps
    }

    public let kind: Kind
    /// Which of several devices of this kind, from 0.
    public let index: Int

    public init(_ kind: Kind, index: Int = 0) {
        self.kind = kind
        self.index = index
    }

    public static let cpu = Device(.cpu)
    public static let cuda = Device(.cuda)
    public static let mps = Device(.mps)

    /// The accelerator that libtorch can use here, else the CPU.
    public static var best: Device {
        [Device.cuda, .mps].first { count(of: $0.kind) > 0 } ?? .cpu
    }

    /// How many devices of a kind libtorch can use here. 0 where there is none or its driver does not work.
    public static func count(of kind: Kind) -> Int {
        Int(ct_device_count(Device(kind).raw.type))
    }

    /// Why libtorch's CUDA part, which is there, was not loaded, such as a driver or a library that is missing; else nil.
    public static var cudaProblem: String? {
        let text = String(cString: ct_cuda_problem())
        return text.isEmpty ? nil : text
    }

    /// `cpu`, `cuda`, `cuda:1`.
    public var description: String { index == 0 ? kind.rawValue : "\(kind.rawValue):\(index)" }

    /// Waits until all work queued on the device is done. A fault of earlier work may surface here.
    public func synchronize() throws {
        try check(ct_synchronize(raw), "synchronize")
    }

    /// Free and total bytes of an accelerator's memory.
    public func memory() throws -> (free: Int, total: Int) {
        var free: Int64 = 0
        var total: Int64 = 0
        try check(ct_device_memory(raw, &free, &total), "memory of \(self)")
        return (Int(free), Int(total))
    }

    /// The most bytes that this process took at once: of a CUDA device what libtorch's allocator held, of the CPU's everything that was
    /// resident; 0 for `mps`, which keeps no account.
    public func peakMemory() throws -> Int {
        if kind == .cpu {
            var usage = rusage()
            #if canImport(Darwin)
            getrusage(RUSAGE_SELF, &usage)
            return usage.ru_maxrss
            #else
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            return usage.ru_maxrss * 1024
            #endif
        }
        var bytes: Int64 = 0
        try check(ct_device_peak_memory(raw, &bytes), "peak memory of \(self)")
        return Int(bytes)
    }

    var raw: ct_device {
        let type: ct_device_type =
            switch kind {
            case .cpu: CT_CPU
            case .cuda: CT_CUDA
            case .mps: CT_MPS
            }
        return ct_device(type: type, index: Int32(index))
    }

    init(raw: ct_device) {
        let kind: Kind =
            switch raw.type {
            case CT_CUDA: .cuda
            case CT_MPS: .mps
            default: .cpu
            }
        self.init(kind, index: Int(raw.index))
    }
}
