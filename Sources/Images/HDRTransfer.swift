import CVips
import Foundation

/// A transfer function of high dynamic range brought to sRGB: white as paper has it (203 cd/m²) becomes 255, and what is brighter than that is
/// cut off.
///
/// Sources: ITU-R BT.2100-2, tables 4 and 5; ITU-R BT.2408-7, section 2.1 (203 cd/m²); ITU-R BT.2087-0, section 4 (BT.2020 to BT.709); SMPTE
/// EG 432-1 (P3).
struct HDRTransfer {
    enum Function {
        case perceptualQuantizer, hybridLogGamma
    }

    private let function: Function
    private let primaries: Primaries

    /// nil of transfer functions other than 16 and 18, which are no such.
    init?(_ codes: ColorCodes?) {
        switch codes?.transfer {
        case 16: function = .perceptualQuantizer
        case 18: function = .hybridLogGamma
        default: return nil
        }
        primaries = Primaries(code: codes?.primaries ?? 9)
    }

    /// Of BT.2020's primaries.
    init(_ function: Function) { (self.function, primaries) = (function, Primaries(code: 9)) }

    /// Which lights red, green and blue are.
    private struct Primaries {
        /// Rows that make BT.709's of linear samples.
        let rows: [SIMD3<Float>]
        /// Each one's share of the luminance.
        let luminance: SIMD3<Float>

        /// - Parameter code: 1 of BT.709, 12 of P3 with the white D65; those of others are taken for BT.2020's.
        init(code: Int) {
            switch code {
            case 1: (rows, luminance) = ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0.2126, 0.7152, 0.0722])
            case 12:
                rows = [[1.2249, -0.2249, 0], [-0.0421, 1.0421, 0], [-0.0196, -0.0786, 1.0983]]
                luminance = [0.2290, 0.6917, 0.0793]
            default:
                rows = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
                luminance = [0.2627, 0.6780, 0.0593]
            }
        }
    }

    private static let white = 203.0

    /// Linear light of a sample of 0…1: relative to white for PQ; of the scene, 0…1, for HLG.
    private func linear(_ sample: Double) -> Double {
        switch function {
        case .perceptualQuantizer:
            let power = pow(sample, 32.0 / 2523)
            return 10_000 / Self.white
                * pow(max(power - 3424.0 / 4096, 0) / (2413.0 / 128 - 2392.0 / 128 * power), 16384.0 / 2610)
        case .hybridLogGamma:
            let (a, b, c) = (0.17883277, 0.28466892, 0.55991073)
            return sample <= 0.5 ? sample * sample / 3 : (exp((sample - c) / a) + b) / 12
        }
    }

    /// RGB samples as sRGB's of 8 bits.
    ///
    /// - Parameters:
    ///   - samples: Interleaved, 0…`largest`.
    func sRGB(_ samples: [UInt16], largest: Int) -> [UInt8] {
        let linear = (0...largest).map { Float(self.linear(Double($0) / Double(largest))) }
        let encoded = (0...4095).map { level -> UInt8 in
            let light = Double(level) / 4095
            return UInt8((255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055)).rounded())
        }
        func encode(_ light: Float) -> UInt8 { encoded[Int((min(max(light, 0), 1) * 4095).rounded())] }
        var result: [UInt8] = []
        result.reserveCapacity(samples.count)
        for start in stride(from: 0, to: samples.count - 2, by: 3) {
            var light = SIMD3(
                linear[Int(samples[start])], linear[Int(samples[start + 1])], linear[Int(samples[start + 2])])
            if function == .hybridLogGamma {
                // The display's share: a system gamma of 1.2 for 1,000 cd/m².
                light *= Float(1000 / Self.white) * pow((primaries.luminance * light).sum(), 0.2)
            }
            for row in primaries.rows { result.append(encode((row * light).sum())) }
        }
        return result
    }

    /// A picture of 8 or 16 bits with three color bands only, as sRGB of 8 bits; its orientation is kept.
    func sRGB(_ picture: VipsPicture) throws(VipsFailure) -> VipsPicture {
        let isWide = picture.sampleFormat == VIPS_FORMAT_USHORT
        let samples = isWide ? try picture.wideSamples() : try picture.samples().map(UInt16.init)
        let pixels = sRGB(samples, largest: isWide ? 65_535 : 255)
        let converted = try VipsPicture { result in
            result = vips_image_new_from_memory_copy(
                pixels, pixels.count, Int32(picture.width), Int32(picture.height), 3, VIPS_FORMAT_UCHAR)
            return result == nil ? -1 : 0
        }
        converted.with { vips_image_set_int($0, VIPS_META_ORIENTATION, Int32(picture.orientation.rawValue)) }
        return converted
    }
}
