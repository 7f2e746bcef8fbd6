public import Foundation

/// A device that was asked for by name and that libtorch cannot use here.
public struct DeviceError: Error, LocalizedError, CustomStringConvertible {
    public let device: Device
    /// Why there is none, where libtorch says so.
    public let reason: String?

    public var description: String {
        let reason = reason.map { " (\($0))" } ?? ""
        return "there is no device \(device) that libtorch \(TorchRuntime.version) can use here\(reason); use cpu"
    }

    public var errorDescription: String? { description }
}

extension Device {
    /// Checks that libtorch can use this device here: whatever takes a device by name does so before it loads anything.
    ///
    /// Throws ``DeviceError``.
    public func require() throws {
        guard index >= 0, index < Self.count(of: kind) else {
            throw DeviceError(device: self, reason: kind == .cuda ? Self.cudaProblem : nil)
        }
    }

    /// The device that was asked for, or the best there is. Throws ``DeviceError`` when it is not there.
    package static func usable(_ device: Device?) throws -> Device {
        let device = device ?? .best
        try device.require()
        return device
    }
}
