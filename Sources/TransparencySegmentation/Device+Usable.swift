package import Torch

extension Device {
    /// The device that was asked for, or the best there is.
    ///
    /// - Throws: ``SegmentationError/device(_:)`` when it is not there.
    package static func usable(_ device: Device?) throws -> Device {
        let device = device ?? .best
        guard Device.count(of: device.kind) > device.index else {
            let reason = device.kind == .cuda ? Device.cudaProblem.map { " (\($0))" } ?? "" : ""
            throw SegmentationError.device(
                "there is no device \(device) that libtorch \(TorchRuntime.version) can use here\(reason); use cpu")
        }
        return device
    }
}
