import Torch

extension SoftMask {
    /// The mask at another size, by bilinear interpolation with antialiasing, as masks are brought to their pictures' sizes. Kinds are those of
    /// the nearest pixels.
    @ComputeActor
    func resized(width newWidth: Int, height newHeight: Int) throws -> SoftMask {
        guard (newWidth, newHeight) != (width, height) else { return self }
        let planeCount = planes.count / (width * height)
        let resized = try withoutGradients {
            try Tensor(planes, shape: [1, planeCount, height, width])
                .upsampleBilinear(height: newHeight, width: newWidth, antialias: true).clamp(0...1)
                .array(of: Float.self)
        }
        let kinds = kinds.map { kinds in
            (0..<newHeight).flatMap { row in
                let from = (2 * row + 1) * height / (2 * newHeight)
                return (0..<newWidth).map { kinds[from * width + (2 * $0 + 1) * width / (2 * newWidth)] }
            }
        }
        return SoftMask(width: newWidth, height: newHeight, planes: resized, kinds: kinds)
    }

    /// Left and right exchanged.
    func mirrored() -> SoftMask {
        func mirrored<Value>(_ values: [Value]) -> [Value] {
            stride(from: 0, to: values.count, by: width).flatMap { values[$0..<$0 + width].reversed() }
        }
        return SoftMask(width: width, height: height, planes: mirrored(planes), kinds: kinds.map(mirrored))
    }
}
