import Foundation

extension MotionBlur {
    /// The cells of the kernel that are not zero, as offsets from its middle; all have the same weight.
    ///
    /// `create_motion_kernel` of albumentations 2.0.8: as many points as the kernel is wide, evenly along the line, each at the
    /// nearest cell, those beyond the border on it.
    func offsets() -> [(x: Int, y: Int)] {
        let reach = Double(size / 2)
        let (start, end) =
            direction < 0
            ? (-reach, reach * (1 - abs(direction))) : (-reach * (1 - direction), reach)
        let radians = angle * .pi / 180
        var cells: Set<[Int]> = []
        for step in 0..<size {
            let along = start + Double(step) * (end - start) / Double(size - 1)
            let cell = [
                reach + cos(radians) * along + shiftX, reach + sin(radians) * along + shiftY,
            ].map { min(max(Int($0.rounded(.toNearestOrEven)), 0), size - 1) }
            cells.insert(cell)
        }
        return cells.map { ($0[0] - size / 2, $0[1] - size / 2) }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }
    }
}

extension GaussianBlur {
    /// The kernel along one axis, which adds up to 1.
    func kernel() -> [Float] {
        let weights = (-(size / 2)...size / 2).map { exp(-0.5 * pow(Double($0) / sigma, 2)) }
        let sum = weights.reduce(0, +)
        return weights.map { Float($0 / sum) }
    }
}

/// A position beyond a border reflected at the border pixel's center, OpenCV's `BORDER_REFLECT_101`.
func reflected(_ position: Int, _ count: Int) -> Int {
    guard count > 1 else { return 0 }
    var position = position
    while position < 0 || position >= count { position = position < 0 ? -position : 2 * count - 2 - position }
    return position
}
