/// The operations of a color jitter, made ready for one picture, on rows of interleaved RGB samples.
///
/// The arithmetic of each is that of albumentations 2.0.8 and OpenCV 4 for eight bits.
struct JitterSteps {
    /// One operation with its parameters worked out.
    private enum Step {
        /// Brightness or contrast: each sample by a table.
        case table([UInt8])
        case saturation(Double)
        /// Each hue, 0 to 179, by a table.
        case hue([UInt8])
    }

    private var steps: [Step] = []

    /// - Parameter meanGray: Gives the mean gray value of the whole picture after the steps so far; called for contrast only.
    init(_ jitter: ColorJitter, meanGray: (JitterSteps) -> Double) {
        for operation in jitter.order {
            switch operation {
            case .brightness where jitter.brightness != 1:
                steps.append(.table(Self.table { Float($0) * Float(jitter.brightness) }))
            case .contrast where jitter.contrast != 1:
                let offset = Float(meanGray(self) * (1 - jitter.contrast))
                steps.append(.table(Self.table { Float($0) * Float(jitter.contrast) + offset }))
            case .saturation where jitter.saturation != 1: steps.append(.saturation(jitter.saturation))
            case .hue where jitter.hue != 0:
                steps.append(
                    .hue((0..<180).map { UInt8(HSV.wrapped(Double($0) + 180 * jitter.hue)) }))
            default: break
            }
        }
    }

    /// `trunc(clip(value))` for each sample value.
    private static func table(_ value: (Int) -> Float) -> [UInt8] {
        (0..<256).map { UInt8(min(max(value($0), 0), 255)) }
    }

    /// Changes a row, or some pixels of one, in place.
    ///
    /// - Parameter remainder: The first of the pixels that OpenCV's vector code leaves to its scalar code.
    func apply(to samples: UnsafeMutablePointer<UInt8>, pixelCount: Int, remainder: Int) {
        for step in steps {
            switch step {
            case .table(let table):
                table.withUnsafeBufferPointer { table in
                    for index in 0..<3 * pixelCount { samples[index] = table[Int(samples[index])] }
                }
            case .saturation(let factor): saturate(samples, pixelCount, factor)
            case .hue(let table):
                table.withUnsafeBufferPointer { table in
                    for pixel in 0..<pixelCount {
                        HSV.changeHue(of: samples + 3 * pixel, by: table, isRounded: pixel >= remainder)
                    }
                }
            }
        }
    }

    /// As OpenCV's `addWeighted` of the picture and its gray, which multiplies and adds without rounding in between; sums of
    /// doubles are as good as that.
    private func saturate(_ samples: UnsafeMutablePointer<UInt8>, _ pixelCount: Int, _ factor: Double) {
        let own = (0..<256).map { Double($0) * Double(Float(factor)) }
        let gray = (0..<256).map { Double(Float($0) * Float(1 - factor)) }
        own.withUnsafeBufferPointer { own in
            gray.withUnsafeBufferPointer { gray in
                for pixel in 0..<pixelCount {
                    let start = samples + 3 * pixel
                    let addend = gray[Self.gray(start)]
                    for channel in 0..<3 {
                        let mixed = Float(own[Int(start[channel])] + addend)
                        start[channel] = UInt8(min(max(mixed.rounded(.toNearestOrEven), 0), 255))
                    }
                }
            }
        }
    }

    /// OpenCV's `RGB2GRAY` for eight bits: BT.601 in 15-bit fixed point.
    @inline(__always)
    static func gray(_ pixel: UnsafePointer<UInt8>) -> Int {
        (9798 * Int(pixel[0]) + 19235 * Int(pixel[1]) + 3735 * Int(pixel[2]) + 16384) >> 15
    }
}
